"""Every row that says what was reported and what became of it, to see that something changed nothing."""

from collections.abc import Collection
from typing import Any

from django.apps import apps


def everything(tables: Collection[str] | None = None) -> dict[str, list[dict[str, Any]]]:
    """All rows of the reports app by model, in full; of these tables only when some are named."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_app_config("reports").get_models()
        if tables is None or model._meta.db_table in tables
    }
