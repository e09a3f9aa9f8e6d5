"""What keeps the box from starting. Each message is for a person, with the mend; exit status 1."""


class CannotStart(Exception):
    """Nothing was started."""


class CannotListen(CannotStart):
    """The port cannot be had."""


class CannotStore(CannotStart):
    """The state folder takes no files."""
