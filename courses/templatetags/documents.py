from django import template

from courses.formats.order import in_order
from courses.rendering import humanised, says_something, shape_of

register = template.Library()
register.filter("shape_of", shape_of)
register.filter("humanised", humanised)
register.filter("says_something", says_something)
# Keys with values. In a template `mapping.items` would be the value of a key named "items".
register.filter("pairs", in_order)
