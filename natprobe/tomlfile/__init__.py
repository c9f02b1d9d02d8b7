"""A TOML file that people write: read whole, and every mistake in it told with its line and its reason."""

from natprobe.tomlfile.lines import Path
from natprobe.tomlfile.readers import Kind, Reader, Unfit
from natprobe.tomlfile.tables import LONGEST, Mistake, Mistakes, Tables, parsed

__all__ = ["LONGEST", "Kind", "Mistake", "Mistakes", "Path", "Reader", "Tables", "Unfit", "parsed"]
