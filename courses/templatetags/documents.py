from django import template

from courses.rendering import humanised, says_something, shape_of

register = template.Library()
register.filter("shape_of", shape_of)
register.filter("humanised", humanised)
register.filter("says_something", says_something)
