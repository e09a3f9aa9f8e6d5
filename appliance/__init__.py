"""The box in the classroom: command line, settings, daemon, REST API, console."""
