"""The packets of a cell as a sequence diagram: a line a packet, an arrow from lane to lane, and what it was."""

from collections.abc import Sequence

from natprobe_tui.packets import LANES, Lane, Step
from natprobe_tui.rows import Spans, fit

TIME = 9
LANE = 8
_ROW = 16


def lane_heading(shown: Sequence[Lane]) -> str:
    """The names of the lanes above their lines."""
    return f"{'ms':>{TIME}}  " + "".join(lane.ljust(LANE) for lane in shown)


def lanes(steps: Sequence[Step], *, translated: bool = False) -> tuple[Lane, ...]:
    """Those lanes in which something happens, from left to right; the NAT's where addresses were `translated`."""
    seen = {lane for step in steps for lane in (step.sender, step.receiver)}
    return tuple(lane for lane in LANES if lane in seen or (translated and lane == "NAT" and "client" in seen))


def step_row(step: Step, shown: Sequence[Lane], words: str, columns: int) -> Spans:
    """One packet. `words` is what it was."""
    arrow = _arrow(step, shown)
    tone = "sent" if step.packet.direction == "sent" else "received"
    room = columns - TIME - 2 - len(arrow) - 1
    return (
        (f"{step.at_ms:>{TIME}.1f}  ", "dim"),
        (arrow, tone),
        (" " + fit(words, room), "plain"),
    )


def _arrow(step: Step, shown: Sequence[Lane]) -> str:
    sender, receiver = shown.index(step.sender), shown.index(step.receiver)
    left, right = min(sender, receiver), max(sender, receiver)
    marks = ["│" + " " * (LANE - 1)] * len(shown)
    line = list("".join(marks)[: (len(shown) - 1) * LANE + 1])
    line[left * LANE + 1 : right * LANE] = "─" * ((right - left) * LANE - 1)
    if "NAT" in shown and left < (crossed := shown.index("NAT")) < right:
        line[crossed * LANE] = "┼"
    line[sender * LANE] = "●"
    head = receiver * LANE
    line[head + (-1 if sender < receiver else 1)] = "►" if sender < receiver else "◄"
    return "".join(line)


def hex_lines(data: bytes) -> tuple[str, ...]:
    """Sixteen bytes a line: offset, hexadecimal, and what of it is text."""
    return tuple(_hex_line(offset, data[offset : offset + _ROW]) for offset in range(0, len(data), _ROW))


def _hex_line(offset: int, row: bytes) -> str:
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{offset:04x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}  {text}"
