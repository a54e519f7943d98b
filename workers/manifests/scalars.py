"""YAML scalars as ``kubectl`` understands them.

The rules are those of sigs.k8s.io/yaml: YAML 1.1 with Go's number syntax, then JSON. So ``y`` and ``on`` are
booleans, ``0o17`` and ``017`` are 15, ``08`` is 8, ``1:30`` and dates are strings, ``1.0`` is 1.
A scalar is first resolved, then placed: as a ``value`` or as a ``key``, where JSON has only strings.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Scalar = None | bool | int | float | str


class ScalarError(ValueError):
    """A scalar that has no place in JSON; the message says what to do and never holds the scalar."""


_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INT = re.compile(r"([-+]?)(?:0[bB]([01]+)|0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INT64 = range(-(2**63), 2**63)
_INTEGERS = range(-(2**63), 2**64)  # what Go reads as an integer: int64 or else uint64
_INTEGER_DIGITS = 80  # longer ones cannot be integers, and converting very long digits is slow


def resolve(text: str) -> Scalar:
    """Return what a plain scalar without a tag stands for; infinities and NaN are floats here."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    plain = text.replace("_", "")
    integer = _integer(plain)
    if integer is not None:
        return integer
    if not _FLOAT.fullmatch(plain):
        return text
    number = float(plain)
    return text if math.isinf(number) else number


def _integer(plain: str) -> int | None:
    match = _INT.fullmatch(plain) if len(plain) <= _INTEGER_DIGITS else None
    if match is None:
        return None
    sign, binary, hexadecimal, octal, decimal = match.groups()
    if decimal:
        number = int(decimal)
    else:
        number = int(binary or hexadecimal or octal, 2 if binary else 16 if hexadecimal else 8)
    number = -number if sign == "-" else number
    return number if number in _INTEGERS else None


def resolve_tagged(tag: str, text: str) -> Scalar:
    """Return what a scalar with an explicit tag stands for; unknown tags are dropped."""
    convert = _TAGS.get(tag)
    return text if convert is None else convert(text)


def value(scalar: Scalar) -> Scalar:
    """Return a scalar as a JSON value: integral numbers within 64 bits are integers, others floats."""
    if type(scalar) is float:
        return _json_number(scalar)
    if type(scalar) is int and scalar not in _INT64:
        return float(scalar)
    return scalar


def _json_number(number: float) -> int | float:
    if not math.isfinite(number):
        raise ScalarError("infinity and NaN do not exist in JSON; quote the value if text is meant")
    if not number.is_integer():
        return number
    integer = int(Decimal(repr(number)))  # of the shortest digits that mean this float: what Go writes
    return integer if integer in _INT64 else number


def key(scalar: Scalar) -> str:
    """Return a scalar as a JSON key."""
    if isinstance(scalar, str):
        return scalar
    if isinstance(scalar, float):
        return _float_key(scalar)
    if scalar is None or scalar not in _INT64:
        raise ScalarError("null and integers above 64 bits cannot be keys; quote the key if text is meant")
    return json.dumps(scalar)


def _float_key(number: float) -> str:
    """Return a float as Go writes it: ``strconv.FormatFloat(number, 'g', -1, 32)``."""
    try:
        single = struct.pack("<f", number)
    except OverflowError:
        number = math.copysign(math.inf, number)
    if not math.isfinite(number):
        return ".nan" if math.isnan(number) else ".inf" if number > 0 else "-.inf"
    texts = (f"{number:.{digits}e}" for digits in range(9))
    shortest = next(text for text in texts if struct.pack("<f", float(text)) == single)
    mantissa, _, exponent = shortest.partition("e")
    if not -4 <= int(exponent) <= 5:  # noqa: PLR2004 -- the bounds of Go's 'g'
        return shortest
    decimals = max(0, len(mantissa.lstrip("-").replace(".", "")) - 1 - int(exponent))
    return f"{float(shortest):.{decimals}f}"


def _typed(name: str, *types: type) -> Callable[[str], Scalar]:
    def convert(text: str) -> Scalar:
        scalar = resolve(text)
        if type(scalar) not in types:
            raise ScalarError(f"the tag !!{name} does not fit the value; correct it or drop the tag")
        return scalar

    return convert


def _float(text: str) -> float:
    scalar = resolve(text)
    if type(scalar) is float or (type(scalar) is int and scalar in _INT64):
        return float(scalar)
    raise ScalarError("the tag !!float does not fit the value; correct it or drop the tag")


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ScalarError("the tag !!binary needs base64 of UTF-8 text; correct it or drop the tag") from None


_TAGS: dict[str, Callable[[str], Scalar]] = {
    "tag:yaml.org,2002:null": _typed("null", type(None)),
    "tag:yaml.org,2002:bool": _typed("bool", bool),
    "tag:yaml.org,2002:int": _typed("int", int),
    "tag:yaml.org,2002:float": _float,
    "tag:yaml.org,2002:binary": _binary,
}
