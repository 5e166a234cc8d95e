"""Who runs this program."""

import os
import pwd


def user_name() -> str:
    """The operating system's name of the user, or its number where it has no name, as in a container."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
