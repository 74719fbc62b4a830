"""What stands in the nodes of a parsed template."""

from collections.abc import Iterator
from typing import Any

from django.template import Node, NodeList, defaulttags
from django.template.base import FilterExpression, Variable, VariableNode


def variables(node: Node) -> Iterator[Variable]:
    for expression in _expressions(node):
        if isinstance(expression.var, Variable):
            yield expression.var
        for _filter, arguments in expression.filters:
            yield from (value for is_variable, value in arguments if is_variable)


def _expressions(node: Node) -> Iterator[FilterExpression]:
    if isinstance(node, VariableNode):
        yield node.filter_expression
    elif isinstance(node, defaulttags.ForNode):
        if isinstance(node.sequence, FilterExpression):  # as it always is after parsing
            yield node.sequence
    elif isinstance(node, defaulttags.IfNode):
        for condition, _nodes in node.conditions_nodelists:
            yield from _operands(condition)
    elif isinstance(node, defaulttags.WithNode):
        yield from node.extra_context.values()
    elif isinstance(node, defaulttags.FirstOfNode):
        yield from node.vars


def _operands(condition: Any) -> Iterator[FilterExpression]:
    """Of `a and not b > c`."""
    if condition is None:
        return
    if isinstance(getattr(condition, "value", None), FilterExpression):
        yield condition.value
    for side in (getattr(condition, "first", None), getattr(condition, "second", None)):
        yield from _operands(side)


def introduced(node: Node) -> frozenset[str]:
    if isinstance(node, defaulttags.ForNode):
        return frozenset([*node.loopvars, "forloop"])
    if isinstance(node, defaulttags.WithNode):
        return frozenset(node.extra_context)
    return frozenset()


def children(node: Node) -> Iterator[NodeList]:
    if isinstance(node, defaulttags.IfNode):
        yield from (nodes for _condition, nodes in node.conditions_nodelists)
    for name in ("nodelist", "nodelist_loop", "nodelist_empty"):
        children = node.__dict__.get(name)
        if isinstance(children, NodeList):
            yield children
