"""Prompts as templates: Django's language, over plain values, cut down to what cannot reach or harm anything.

No loaders, no libraries, nothing that makes long texts out of short ones, and limits for loops, results and
time: whoever edits a prompt can break that prompt only, and is told the line before it is saved.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from time import thread_time
from typing import Any, ClassVar

from django.template import (
    Context,
    Engine,
    Library,
    Node,
    NodeList,
    Template,
    TemplateSyntaxError,
    VariableDoesNotExist,
    defaultfilters,
    defaulttags,
)
from django.template.base import TextNode, Variable, VariableNode
from django.utils.translation import gettext as _

from personalization.prompt_nodes import children, introduced, variables

LONGEST_PROMPT = 100_000  # characters of the template
LONGEST_RESULT = 2_000_000  # characters; a transcript of 200,000 fits several times
MOST_STEPS = 20_000  # of all loops together
MOST_SECONDS = 1.0  # of the processor: what else runs there does not count
STEPS, LENGTH = "steps of loops", "characters put out"  # what is counted while a prompt is filled in
_BEGUN = ContextVar("when it began, by the thread's own time", default=0.0)
# A lookup calls what a value has of methods: `x.encode.hex.encode.hex` doubles the text with each pair.
METHODS = frozenset(name for kind in (str, bytes, int, float, list, dict) for name in dir(kind)) - {
    "items",
    "keys",
    "values",
}
LONGEST_SEPARATOR = 20  # characters that `join` puts between items
_QUOTED = re.compile(r"(['\"]).*(?:\1|$)")  # what an error quotes of the values: they may be a learner's


class PromptError(ValueError):
    """The prompt cannot be used. `str()`: one line with what was found and what to do. `line`: from 1.

    `found`: the same without the line.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else _("Line %(line)s: ") % {"line": line} + message)
        self.found = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template that was checked. `places`: the names in it, such as "lesson.title", and the line where each
    stands first."""

    template: Template
    places: Mapping[str, int | None]

    @property
    def used(self) -> frozenset[str]:
        return frozenset(self.places)

    def render(self, values: Mapping[str, Any]) -> str:
        """The text. values: what `parse` was told there is. Raises PromptError."""
        # Numbers as they are: the reader's language must not change what is sent.
        context = Context(_plain(values), autoescape=False, use_l10n=False)
        begun = _BEGUN.set(thread_time())
        try:
            text: str = self.template.render(context)
            _check_time()  # a comparison takes an error inside it for “no”
        except PromptError as error:
            raise PromptError(error.found, error.line or _failed_line(error)) from error
        except VariableDoesNotExist as error:
            # Its words quote all that there is, a learner's answers too.
            said = _("It cannot be filled in: it uses a part of a value that is not there.")
            raise PromptError(said, _failed_line(error)) from error
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
            said = _("It cannot be filled in: %(error)s.") % {"error": _QUOTED.sub("…", _said(error))}
            raise PromptError(said, _failed_line(error)) from error
        finally:
            _BEGUN.reset(begun)
        return text


type Names = Mapping[str, frozenset[str] | None]
"""Root variable → its fields; None: any, or it is a value itself."""


def parse(text: str, names: Names) -> Prompt:
    """The prompt. Raises PromptError for what is no template, or names what there is not."""
    if len(text) > LONGEST_PROMPT:
        raise PromptError(
            _("It has %(found)s characters; at most %(most)s are allowed. Shorten it.")
            % {"found": len(text), "most": LONGEST_PROMPT}
        )
    if "\0" in text:
        raise PromptError(_("It has a NUL character. Remove it."))
    try:
        template = Template(text, engine=_ENGINE)
    except TemplateSyntaxError as error:
        token = getattr(error, "token", None)
        raise PromptError(_said(error), token.lineno if token else None) from error
    except RecursionError as error:
        raise PromptError(_("Its tags stand inside each other too deeply. Use fewer levels.")) from error
    places: dict[str, int | None] = {}
    _check_names(template.nodelist, names, frozenset(), places)
    return Prompt(template, places)


class _Step(Node):
    """Stands first in every loop. `literal`: characters that each round of it puts out by themselves."""

    def __init__(self, literal: int) -> None:
        self.literal = literal

    def render(self, context: Context) -> str:
        taken = (context.render_context.get(STEPS) or 0) + 1
        context.render_context[STEPS] = taken
        _count(context, self.literal)
        _check_time()
        if taken > MOST_STEPS:
            raise PromptError(
                _("Its loops take more than %(most)s steps. Loop over less.") % {"most": MOST_STEPS}
            )
        return ""


class _Output(VariableNode):
    """A variable's value, counted before all of them are put together."""

    def render(self, context: Context) -> str:
        text: str = super().render(context)
        _count(context, len(text))
        return text


def _count(context: Context, characters: int) -> None:
    length = (context.render_context.get(LENGTH) or 0) + characters
    context.render_context[LENGTH] = length
    if length > LONGEST_RESULT:
        raise PromptError(
            _("It becomes longer than the %(most)s characters that can be sent. Shorten it.")
            % {"most": LONGEST_RESULT}
        )


def _check_time() -> None:
    if thread_time() - _BEGUN.get() > MOST_SECONDS:
        raise PromptError(
            _("It takes the processor longer than a second. Use fewer filters, and loops, of long values.")
        )


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that looks at the time first: only filters and loops can take long."""

    @wraps(function)
    def timed(*arguments: Any) -> Any:
        _check_time()
        return function(*arguments)

    return timed


def _for(parser: Any, token: Any) -> Node:
    node: Any = defaulttags.do_for(parser, token)
    literal = sum(len(text.s) for text in node.nodelist_loop.get_nodes_by_type(TextNode))
    step = _Step(literal)
    step.token, step.origin = token, parser.origin  # so that its error names the line
    node.nodelist_loop.insert(0, step)
    loop: Node = node
    return loop


def _yesno(value: Any, words: str = "yes,no") -> Any:
    """Django's own words for yes and no would be those of the reader's language."""
    return defaultfilters.yesno(value, words)


def _join(value: Any, separator: str) -> str:
    """A list's items with the separator between them. Of a text it would make a text of texts."""
    if not isinstance(value, list | tuple):
        return str(value)
    return str(separator)[:LONGEST_SEPARATOR].join(str(item) for item in value)


class _Engine(Engine):
    default_builtins: ClassVar[list[str]] = []

    def get_template_builtins(self, builtins: list[str]) -> list[Library]:
        return [_LIBRARY]


_LIBRARY = Library()
for _name, _tag in {
    "for": _for,
    "if": defaulttags.do_if,
    "with": defaulttags.do_with,
    "comment": defaulttags.comment,
    "firstof": defaulttags.firstof,
    "verbatim": defaulttags.verbatim,
}.items():
    _LIBRARY.tag(_name, _tag)
for _name in ("capfirst", "default", "default_if_none", "first", "last", "length", "lower", "upper"):
    _LIBRARY.filter(_name, _timed(getattr(defaultfilters, _name)))
for _name in ("truncatechars", "truncatewords", "striptags"):
    _LIBRARY.filter(_name, _timed(getattr(defaultfilters, _name)))
_LIBRARY.filter("join", _join)
_LIBRARY.filter("yesno", _yesno)
# debug: what fails while a prompt is filled in then says where.
_ENGINE = _Engine(loaders=[], autoescape=False, debug=True)


def _check_names(
    nodes: NodeList, names: Names, inside: frozenset[str], places: dict[str, int | None]
) -> None:
    """Raises PromptError; notes what is used where, and has what is put out counted."""
    for place, node in enumerate(nodes):
        if isinstance(node, VariableNode):
            counted = _Output(node.filter_expression)
            counted.token, counted.origin = node.token, node.origin  # so that its error names the line
            nodes[place] = counted
        token = getattr(node, "token", None)
        line = token.lineno if token else None
        for variable in variables(node):
            _check_variable(variable, names, inside, line)
            places.setdefault(".".join((variable.lookups or ("",))[:2]), line)
        own = inside | introduced(node)
        for below in children(node):
            _check_names(below, names, own, places)


def _check_variable(variable: Variable, names: Names, inside: frozenset[str], line: int | None) -> None:
    if variable.lookups is None:
        return  # a number or a text
    root, *fields = variable.lookups
    if root in ("True", "False", "None"):
        return
    _refuse_methods(fields if root in inside else fields[1:], line)
    if root in inside:
        return
    if root not in names:
        known = ", ".join(sorted(names))
        raise PromptError(
            _("There is no “%(name)s”. Known: %(known)s.") % {"name": root, "known": known}, line
        )
    allowed = names[root]
    if fields and allowed is not None and fields[0] not in allowed:
        known = ", ".join(f"{root}.{field}" for field in sorted(allowed))
        raise PromptError(
            _("There is no “%(name)s”. Known: %(known)s.")
            % {"name": ".".join(variable.lookups), "known": known},
            line,
        )


def _refuse_methods(fields: Sequence[str], line: int | None) -> None:
    for field in fields:
        if field in METHODS:
            message = _("“%(name)s” is no part of what there is: take it away.") % {"name": f".{field}"}
            raise PromptError(message, line)


def _plain(value: Any) -> Any:
    """A copy of lists, dicts and single values: a template can call a dict's methods, `clear` among them."""
    if value is None or type(value) in (str, int, float, bool):  # nearly all
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float) else str(value)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")


def _failed_line(error: Exception) -> int | None:
    line = getattr(error, "template_debug", {}).get("line")
    return line if isinstance(line, int) else None
