from collections.abc import ItemsView
from typing import Any

from django import template

from courses.rendering import humanised, says_something, shape_of

register = template.Library()
register.filter("shape_of", shape_of)
register.filter("humanised", humanised)
register.filter("says_something", says_something)


@register.filter
def pairs(mapping: dict[str, Any]) -> ItemsView[str, Any]:
    """Keys with values. In a template `mapping.items` would be the value of a key named "items"."""
    return mapping.items()
