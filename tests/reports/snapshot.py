"""Every row that says what was reported and what became of it, to see that something changed nothing."""

from typing import Any

from django.apps import apps


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of the reports app by model, in full."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_app_config("reports").get_models()
    }
