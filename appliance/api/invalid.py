"""What is wrong with a request's fields, in sentences that know what they say. The checks are pydantic's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.saying import reason_of, said


def fault_of(fault: Mapping[str, Any]) -> str:
    """One of pydantic's errors: where it is, and what is wanted there. What was sent is not repeated: it may
    hold what the sender would not want in a log."""
    where = ".".join(str(part) for part in fault["loc"] if part != "body") or "body"
    wanted = _wanted(str(fault["type"]), fault.get("ctx", {})) or str(fault["msg"])
    return said("field_wrong", "{where}: {wanted}", where=where, wanted=wanted)


def _wanted(kind: str, context: Mapping[str, Any]) -> str:
    """What a field should be; "" for a kind of error that no field of the API has."""
    match kind:
        case "missing":
            return said("field_missing", "Field required")
        case "extra_forbidden":
            return said("field_unknown", "Extra inputs are not permitted")
        case "value_error":
            return reason_of(context["error"])
        case "json_invalid":
            return said("field_json", "Invalid JSON")
        case "enum" | "literal_error":
            choices = str(context["expected"]).replace(" or ", ", ")
            return said("field_choice", "Input should be one of {choices}", choices=choices)
        case "model_type" | "model_attributes_type" | "dict_type":
            return said("field_object", "Input should be an object")
        case "list_type" | "tuple_type":
            return said("field_list", "Input should be a list")
    return _wanted_number(kind, context) or _wanted_text(kind, context)


def _wanted_number(kind: str, context: Mapping[str, Any]) -> str:
    match kind:
        case "greater_than":
            return said("field_above", "Input should be greater than {gt}", gt=context["gt"])
        case "greater_than_equal":
            return said("field_least", "Input should be greater than or equal to {ge}", ge=context["ge"])
        case "less_than":
            return said("field_below", "Input should be less than {lt}", lt=context["lt"])
        case "less_than_equal":
            return said("field_most", "Input should be less than or equal to {le}", le=context["le"])
        case "int_type" | "int_parsing" | "int_parsing_size" | "int_from_float":
            return said("field_integer", "Input should be a whole number")
        case "float_type" | "float_parsing" | "finite_number":
            return said("field_number", "Input should be a number")
        case "bool_type" | "bool_parsing":
            return said("field_boolean", "Input should be true or false")
    return ""


def _wanted_text(kind: str, context: Mapping[str, Any]) -> str:
    match kind:
        case "string_type":
            return said("field_text", "Input should be a text")
        case "string_too_short":
            least = context["min_length"]
            return said("field_short", "There should be at least {least} characters", least=least)
        case "string_too_long":
            most = context["max_length"]
            return said("field_long", "There should be at most {most} characters", most=most)
        case "string_pattern_mismatch":
            return said("field_pattern", "Text should match {pattern}", pattern=context["pattern"])
        case "too_short":
            return said("field_few", "There should be at least {least}", least=context["min_length"])
        case "too_long":
            return said("field_many", "There should be at most {most}", most=context["max_length"])
    return ""
