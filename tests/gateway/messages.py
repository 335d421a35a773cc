"""The messages of Envoy's external processing (envoy/service/ext_proc/v3), as far as a request uses
them: fields that are left out here travel unread.

The package that has all of them (xds-protos) cannot be installed beside this project: it brings an
empty ``cel/__init__.py``, which takes the place of the library that checks rules.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

__all__ = ["METHOD", "ProcessingRequest", "ProcessingResponse"]

METHOD = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"
PACKAGE = "external_processing"
# Message → number → field and type; a star stands for many, what follows a slash is its oneof.
MESSAGES: dict[str, dict[int, str]] = {
    "HeaderValue": {1: "key string", 2: "value string", 3: "raw_value bytes"},
    "HeaderMap": {1: "headers HeaderValue*"},
    "HttpHeaders": {1: "headers HeaderMap", 3: "end_of_stream bool"},
    "HttpBody": {1: "body bytes", 2: "end_of_stream bool"},
    "ProcessingRequest": {
        2: "request_headers HttpHeaders /request",
        3: "response_headers HttpHeaders /request",
        4: "request_body HttpBody /request",
        5: "response_body HttpBody /request",
    },
    "HeaderValueOption": {1: "header HeaderValue"},
    "HeaderMutation": {1: "set_headers HeaderValueOption*", 2: "remove_headers string*"},
    "StreamedBodyResponse": {1: "body bytes", 2: "end_of_stream bool"},
    "BodyMutation": {
        1: "body bytes /mutation",
        2: "clear_body bool /mutation",
        3: "streamed_response StreamedBodyResponse /mutation",
    },
    "CommonResponse": {2: "header_mutation HeaderMutation", 3: "body_mutation BodyMutation"},
    "HeadersResponse": {1: "response CommonResponse"},
    "BodyResponse": {1: "response CommonResponse"},
    "HttpStatus": {1: "code int32"},
    "ImmediateResponse": {1: "status HttpStatus", 2: "headers HeaderMutation", 3: "body bytes"},
    "ProcessingResponse": {
        1: "request_headers HeadersResponse /response",
        2: "response_headers HeadersResponse /response",
        3: "request_body BodyResponse /response",
        4: "response_body BodyResponse /response",
        7: "immediate_response ImmediateResponse /response",
    },
}


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name=f"{PACKAGE}.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, text in fields.items():
            field, kind, *oneof = text.split()
            described = message.field.add(name=field, number=number)
            many, kind = kind.endswith("*"), kind.rstrip("*")
            described.label = (
                FieldDescriptorProto.LABEL_REPEATED if many else FieldDescriptorProto.LABEL_OPTIONAL
            )
            if kind in MESSAGES:
                described.type = FieldDescriptorProto.TYPE_MESSAGE
                described.type_name = f".{PACKAGE}.{kind}"
            else:
                described.type = getattr(FieldDescriptorProto, f"TYPE_{kind.upper()}")
            if oneof:
                if not message.oneof_decl:
                    message.oneof_decl.add(name=oneof[0].lstrip("/"))
                described.oneof_index = 0
    return file


_POOL = DescriptorPool()
_POOL.Add(_file())


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))


ProcessingRequest: Any = _message("ProcessingRequest")
ProcessingResponse: Any = _message("ProcessingResponse")
