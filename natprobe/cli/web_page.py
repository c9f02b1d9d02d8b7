"""The page of `natprobe watch --web`: a terminal that fills the window, drawn by textual-serve's script."""

from string import Template

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load, and from where: its own server alone. xterm.js writes its styles into the page."""

FOCUS = """\
new MutationObserver((changes, observer) => {
  if (!document.body.classList.contains("-first-byte")) return;
  observer.disconnect();
  document.querySelector(".xterm-helper-textarea")?.focus();
}).observe(document.documentElement, {subtree: true, attributes: true, attributeFilter: ["class"]});
"""
"""Gives the terminal the keys as soon as something is drawn: nobody should have to click first."""

PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>natprobe watch</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="static/css/xterm.css">
<style>
@font-face { font-family: "Roboto Mono"; src: url("static/fonts/RobotoMono-VariableFont_wght.ttf"); }
@font-face {
  font-family: "Roboto Mono"; font-style: italic; src: url("static/fonts/RobotoMono-Italic-VariableFont_wght.ttf");
}
html, body { height: 100%; margin: 0; background: #121212; color: #e0e0e0; }
body { font: 16px "Roboto Mono", monospace; overflow: hidden; }
p { position: absolute; top: 40%; width: 100%; text-align: center; }
#ended { display: none; }
a { color: inherit; }
body.-first-byte #begins { display: none; }
body.-closed #ended { display: block; }
body.-closed .textual-terminal { opacity: 0.2; }
</style>
<script src="static/js/textual.js"></script>
<script src="focus.js"></script>
</head>
<body>
<p id="begins">natprobe watch</p>
<p id="ended">This watch has ended. <a href="">Begin another</a></p>
<div id="terminal" class="textual-terminal" data-session-websocket-url="$socket" data-font-size="15"></div>
</body>
</html>
""")
