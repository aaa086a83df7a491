"""What does a view receive? A request whose user is known."""

from django.http import HttpRequest

from communes.models import User


class UserRequest(HttpRequest):
    """A request behind the login: `user` is never anonymous."""

    user: User
