"""Pydantic's errors in plain words, each with its mend."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from agent.load.faults import did_you_mean, listed
from agent.load.fields import known_as, written_like

_NUMBERS = frozenset({
    "float_type", "float_parsing", "int_type", "int_parsing", "decimal_type", "decimal_parsing",
    "int_parsing_size", "finite_number",
})  # fmt: skip
_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
_LISTS = frozenset({"list_type", "tuple_type", "set_type", "frozen_set_type"})
_MAPS = frozenset({
    "dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type",
})  # fmt: skip
_COMMA = re.compile(r"[-+]?\d+,\d+")
_WITH_UNIT = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*([^\d\s].*)")
_LONGEST = 60
_SPAN = ("span of time", "write it like 20 min, 24 h or 2 d")
_SHAPES: dict[str, tuple[str, str]] = {
    "Campaign.name": ("name of a campaign", "use small letters, digits, - and _"),
    "Step.name": (
        "name of a step",
        "start with a small letter; then small letters, digits, - and _",
    ),
    "Signature.seal": (
        "seal",
        "write the digits that `athanor check --operators` shows, 8 or more",
    ),
    "Share.window": _SPAN,
    "Share.changeover": _SPAN,
    "Share.wait": _SPAN,
}
"""Texts of a shape of their own: what a text that has another one is not, and the mend."""


def plain(
    error: ErrorDetails, model: type[BaseModel] | None, key: str, written: str | None
) -> tuple[str, str]:
    """What is wrong and the mend, for a chemist.

    Args:
        error: One of pydantic's errors.
        model: The model that has the field, if it is a field of one.
        key: The key that the error is about.
        written: How the value is written in the file, where it is a single one.
    """
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    example = written_like(model, key)
    if given is None and kind != "missing":
        return "it is empty", example or "give a value, or leave the key out"
    shape = None if model is None else known_as(model, key, _SHAPES)
    misshapen = kind == "string_pattern_mismatch" or (kind == "string_type" and shape is _SPAN)
    if shape is not None and misshapen:
        return f"{shown(given, written)} is no {shape[0]}", shape[1]
    if kind in _NUMBERS:
        return _number(shown(given, written), key, example)
    for kinds, words in _FAMILIES:
        if kind in kinds:
            return words(given, written), example
    translate = _BY_TYPE.get(kind)
    if translate is not None:
        what, mend = translate(context, shown(given, written), model, key)
        # What has its mend after a colon needs no example of the whole block.
        return what, mend or ("" if kind == "value_error" and ": " in what else example)
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return f"{shown(given, written)} must be {word} {context.get(bound)}", ""
    message = error["msg"].removeprefix("Value error, ")
    return f"{shown(given, written)}: {message[:1].lower()}{message[1:]}", example


def shown(given: object, written: str | None) -> str:
    """A value as its writer knows it."""
    if isinstance(given, dict):
        return "a block of keys"
    if isinstance(given, (list, tuple)):
        return "a list"
    text = str(given) if written is None else written
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return repr(text) if isinstance(given, str) else text


def _number(given: str, key: str, example: str) -> tuple[str, str]:
    what, bare = f"{given} is not a number", given.strip("'\"").strip()
    if _COMMA.fullmatch(bare):
        return what, f"write {key}: {bare.replace(',', '.')}, with a point"
    if united := _WITH_UNIT.fullmatch(bare):
        return what, f"write the number alone, {key}: {united[1]}; the unit has a key of its own"
    return what, example


def _text(given: object, written: str | None) -> str:
    value = shown(given, written)
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return f"{value} is a number, and a text is wanted: quote it, '{value}'"
    return f"{value} is not a text"


def _missing(
    context: Mapping[str, Any], given: str, model: type[BaseModel] | None, key: str
) -> tuple[str, str]:
    del context, given, model
    return f"the key {key!r} is missing", ""


def _literal(
    context: Mapping[str, Any], given: str, model: type[BaseModel] | None, key: str
) -> tuple[str, str]:
    del model, key
    told = str(context.get("expected", ""))
    # Pydantic quotes texts, and only them: `'a' or 'b'`, `80, 90 or 95`.
    expected = re.findall(r"'([^']*)'", told) or re.split(r", | or ", told)
    return f"{given} is none of {listed(expected)}", did_you_mean(given.strip("'"), expected, "use")


def _tag(
    context: Mapping[str, Any], given: str, model: type[BaseModel] | None, key: str
) -> tuple[str, str]:
    del given, model, key
    expected = re.findall(r"'([^']*)'", str(context.get("expected_tags", "")))
    what = f"there is no type {str(context.get('tag'))!r}; the types are {listed(expected)}"
    return what, did_you_mean(context.get("tag"), expected, "use one of")


def _pattern(
    context: Mapping[str, Any], given: str, model: type[BaseModel] | None, key: str
) -> tuple[str, str]:
    del context, model, key
    mend = "start with a letter; then letters, digits and underscores, as in flow_rate"
    return f"{given} is no name that can stand in an expression", mend


def _short(
    context: Mapping[str, Any], given: str, model: type[BaseModel] | None, key: str
) -> tuple[str, str]:
    del given, model, key
    wanted, has = context.get("min_length"), context.get("actual_length")
    return f"at least {wanted} are needed, and {has} given", ""


def _long(
    context: Mapping[str, Any], given: str, model: type[BaseModel] | None, key: str
) -> tuple[str, str]:
    del given, model, key
    return f"at most {context.get('max_length')} are allowed", "shorten it"


def _sane(
    context: Mapping[str, Any], given: str, model: type[BaseModel] | None, key: str
) -> tuple[str, str]:
    del given, model, key
    return str(context.get("error", "it is not right")), ""


_BY_TYPE: dict[
    str, Callable[[Mapping[str, Any], str, type[BaseModel] | None, str], tuple[str, str]]
] = {
    "missing": _missing,
    "literal_error": _literal,
    "enum": _literal,
    "union_tag_invalid": _tag,
    "string_pattern_mismatch": _pattern,
    "too_short": _short,
    "too_long": _long,
    "string_too_long": _long,
    "value_error": _sane,
}

_FAMILIES: tuple[tuple[frozenset[str], Callable[[Any, str | None], str]], ...] = (
    (frozenset({"string_type"}), _text),
    (_LISTS, lambda given, written: f"{shown(given, written)} is not a list"),
    (_MAPS, lambda given, written: f"{shown(given, written)} is not a block of `key: value` lines"),
    (
        frozenset({"int_from_float"}),
        lambda given, written: f"{shown(given, written)} is not a whole number",
    ),
    (
        frozenset({"bool_type", "bool_parsing"}),
        lambda given, written: f"{shown(given, written)} is neither true nor false",
    ),
)
