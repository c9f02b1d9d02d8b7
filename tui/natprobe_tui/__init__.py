"""The dashboard: events → widgets (Textual). It is handed a `start(emit)` and starts nothing by itself."""
