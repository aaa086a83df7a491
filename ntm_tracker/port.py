"""Can the site listen where it is told to? Asked before the long work of `make run`."""

import errno
import socket
import sys


def obstacle(host: str, port: str) -> str:
    """Why nothing can listen on `port`; empty when it is free."""
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        return f"PORT must be a number from 1 to 65535, not {port!r}."
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, int(port)))
        except PermissionError:
            return f"Only root may listen on port {port}. Choose one above 1023: make run PORT=8001"
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Port {port} is taken by another program. Stop it, or choose another: make run PORT=8001"
            return f"Nothing can listen on {host} port {port}: {error.strerror}."
    return ""


if __name__ == "__main__":
    sys.exit(obstacle(*sys.argv[1:]) or 0)
