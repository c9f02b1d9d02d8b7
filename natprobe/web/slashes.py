"""Does a proxy change the path on its way to the backend? What the outside sees of it. Pure."""

MOST = 3
"""How many slashes of a path are tried: prefixes of locations are short."""


def doubled(path: str, text: str) -> str | None:
    """What `text` (a redirect's Location, an error page) calls `path`, where it doubles a slash of it; else None."""
    if "//" in path:
        return None
    steps = [step for step in path.partition("?")[0].split("/") if step]
    for first in range(len(steps)):
        wrong = "//" + "/".join(steps[first:])
        at = text.find(wrong)
        if at >= 0 and text[max(0, at - 1) : at] != ":":
            return wrong
    return None


def without_slash(path: str) -> tuple[str, ...]:
    """`path` with one inner slash left out, each in turn.

    `location /a` with `proxy_pass http://backend/` hands on /a/b as //b, and /ab as /b: where the latter works, so the
    former came about.
    """
    bare, question, query = path.partition("?")
    steps = [step for step in bare.split("/") if step]
    if len(steps) < 2:
        return ()
    joined = ((*steps[:at], steps[at] + steps[at + 1], *steps[at + 2 :]) for at in range(min(len(steps) - 1, MOST)))
    tail = "/" if bare.endswith("/") else ""
    return tuple(f"/{'/'.join(each)}{tail}{question}{query}" for each in joined)
