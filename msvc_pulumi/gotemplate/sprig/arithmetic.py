"""Returns sprig's arithmetic: int64 with wrap-around, decimals by shopspring/decimal's rules."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from ..errors import FunctionError, LimitExceededError
from ..limits.budget import meter
from ..reflect.calls import declare
from ..reflect.values import Int64, Slice, Value, wrap64
from .conversions import to_float, to_int

__all__ = ["FUNCTIONS"]

_MOST_BITS = 20_000
_DIVISION_PLACES = 10**16  # decimal.DivisionPrecision


def _add(*values: Value) -> Int64:
    return wrap64(sum(map(to_int, values)))


def _multiply(first: Value, *others: Value) -> Int64:
    product = wrap64(to_int(first))
    for other in others:
        product = wrap64(product * to_int(other))
    return product


def _divide(first: Value, other: Value) -> Int64:
    dividend, divisor = to_int(first), to_int(other)
    if not divisor:
        raise FunctionError("runtime error: integer divide by zero")
    quotient = abs(dividend) // abs(divisor)
    return wrap64(quotient if (dividend < 0) == (divisor < 0) else -quotient)


def _remainder(first: Value, other: Value) -> Int64:
    dividend, divisor = to_int(first), to_int(other)
    if not divisor:
        raise FunctionError("runtime error: integer divide by zero")
    rest = abs(dividend) % abs(divisor)
    return Int64(-rest if dividend < 0 else rest)


def _largest(first: Value, *others: Value) -> Int64:
    return Int64(max(to_int(value) for value in (first, *others)))


def _smallest(first: Value, *others: Value) -> Int64:
    return Int64(min(to_int(value) for value in (first, *others)))


def _largest_float(first: Value, *others: Value) -> float:
    return _extreme(first, others, math.inf, lambda left, right: left > right)


def _smallest_float(first: Value, *others: Value) -> float:
    return _extreme(first, others, -math.inf, lambda left, right: left < right)


def _extreme(
    first: Value,
    others: tuple[Value, ...],
    infinity: float,
    beats: Callable[[float, float], bool],
) -> float:
    """math.Max or math.Min over all: infinity wins over NaN, +0 is above -0."""
    best = to_float(first)
    for other in others:
        number = to_float(other)
        if infinity in (best, number):
            best = infinity
        elif math.isnan(best) or math.isnan(number):
            best = math.nan
        elif best == number == 0:
            if beats(math.copysign(1, number), math.copysign(1, best)):
                best = number
        elif beats(number, best):
            best = number
    return best


def _decimal(value: Value) -> Fraction:
    number = to_float(value)
    if math.isnan(number) or math.isinf(number):
        text = "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
        raise FunctionError(f"Cannot create a Decimal from {text}")
    return Fraction(Decimal(repr(number)))


def _float(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def _folded(operation: Callable[[Fraction, Fraction], Fraction]) -> Callable[..., float]:
    def fold(first: Value, *others: Value) -> float:
        total = _decimal(first)
        for other in others:
            total = operation(total, _decimal(other))
            bits = total.numerator.bit_length() + total.denominator.bit_length()
            meter().work(bits >> 6)
            if bits > _MOST_BITS:
                raise LimitExceededError("it calculates with too many digits")
        return _float(total)

    return fold


def _decimal_quotient(first: Fraction, other: Fraction) -> Fraction:
    """Division to 16 places, rounding half away from zero."""
    if not other:
        raise FunctionError("decimal division by 0")
    scaled = abs(first / other) * _DIVISION_PLACES
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if (first < 0) == (other < 0) else -whole, _DIVISION_PLACES)


_add_decimals = _folded(lambda left, right: left + right)


def _floor(value: Value) -> float:
    number = to_float(value)
    if math.isnan(number) or math.isinf(number):
        return number
    return math.copysign(float(math.floor(number)), number) if number else number


def _ceil(value: Value) -> float:
    number = to_float(value)
    if math.isnan(number) or math.isinf(number):
        return number
    return math.copysign(float(math.ceil(number)), number) if number else number


def _power_of_ten(places: float) -> float:
    if places > 308:
        return math.inf
    return 10.0**places if places > -324 else 0.0


def _divided(number: float, divisor: float) -> float:
    """IEEE division, which Python refuses by zero."""
    if divisor:
        return number / divisor
    if not number or math.isnan(number):
        return math.nan
    return math.copysign(math.inf, number)


def _round(value: Value, places: int, *options: float) -> float:
    threshold = options[0] if options else 0.5
    power = _power_of_ten(float(places))
    digit = power * to_float(value)
    if math.isnan(digit) or math.isinf(digit):
        return _divided(digit, power)
    fraction = math.modf(digit)[0]
    rounded = math.ceil(digit) if fraction >= threshold else math.floor(digit)
    return _divided(math.copysign(float(rounded), digit), power)


def _until(count: int) -> Slice:
    return _until_step(0, count, -1 if count < 0 else 1)


def _until_step(start: int, stop: int, step: int) -> Slice:
    wrong_way = step >= 0 if stop < start else step <= 0
    numbers = range(0) if wrong_way else range(start, stop, step)
    length = (abs(stop - start) + abs(step) - 1) // abs(step) if not wrong_way else 0
    meter().count(length)
    return Slice(numbers, "[]int")


def _sequence(*numbers: int) -> str:
    step = 1
    match numbers:
        case (end,):
            start = 1
            step = increment = -1 if end < start else 1
        case (start, end):
            step = increment = -1 if end < start else 1
        case (start, step, end):
            increment = 1
            if end < start:
                increment = -1
                if step > 0:
                    return ""
        case _:
            return ""
    items = _until_step(start, end + increment, step)
    meter().size(len(items) * 20)
    return " ".join(map(str, items))


FUNCTIONS = declare(
    {
        "add": (_add, "...any"),
        "add1": (lambda value: wrap64(to_int(value) + 1), "any"),
        "add1f": (lambda value: _add_decimals(value, 1), "any"),
        "addf": (lambda *values: _add_decimals(0.0, *values), "...any"),
        "biggest": (_largest, "any ...any"),
        "ceil": (_ceil, "any"),
        "div": (_divide, "any any"),
        "divf": (_folded(_decimal_quotient), "any ...any"),
        "floor": (_floor, "any"),
        "max": (_largest, "any ...any"),
        "maxf": (_largest_float, "any ...any"),
        "min": (_smallest, "any ...any"),
        "minf": (_smallest_float, "any ...any"),
        "mod": (_remainder, "any any"),
        "mul": (_multiply, "any ...any"),
        "mulf": (_folded(lambda left, right: left * right), "any ...any"),
        "round": (_round, "any int ...float64"),
        "seq": (_sequence, "...int"),
        "sub": (lambda first, other: wrap64(to_int(first) - to_int(other)), "any any"),
        "subf": (_folded(lambda left, right: left - right), "any ...any"),
        "until": (_until, "int"),
        "untilStep": (_until_step, "int int int"),
    }
)
