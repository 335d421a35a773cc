"""Returns the functions templates can call by name, and why a name cannot be called.

Go's own functions and sprig's live in modules by theme; a module is imported when a template first
names one of its functions, so that ordinary templates load little. What reaches outside, depends on
the moment or on chance is off: its result would change with every reconcile, or show the
controller's environment to any author of a template.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module

from msvc_pulumi.nearest import nearest

from ..reflect.calls import Function

__all__ = ["DISABLED", "NAMES", "SPECIAL", "function", "undefined"]

SPECIAL = frozenset(("and", "or", "call"))
"""Builtins that the evaluator itself carries out."""

_MODULES = {
    "execute.builtin": "eq ge gt html index js le len lt ne not print printf println urlquery",
    "sprig.conversions": "atoi float64 int int64 toDecimal toString toStrings",
    "sprig.dates": (
        "date date_in_zone date_modify dateInZone dateModify duration durationRound htmlDate"
        " htmlDateInZone must_date_modify mustDateModify mustToDate toDate unixEpoch"
    ),
    "sprig.decisions": (
        "all any coalesce deepCopy deepEqual default empty fail hello kindIs kindOf mustDeepCopy"
        " ternary typeIs typeIsLike typeOf"
    ),
    "sprig.dictionaries": (
        "dict dig get hasKey keys merge mergeOverwrite mustMerge mustMergeOverwrite omit pick"
        " pluck set unset values"
    ),
    "sprig.encoding": (
        "adler32sum b32dec b32enc b64dec b64enc derivePassword sha1sum sha256sum sha512sum"
    ),
    "sprig.jsontext": (
        "fromJson mustFromJson mustToJson mustToPrettyJson mustToRawJson toJson toPrettyJson"
        " toRawJson"
    ),
    "sprig.lists": (
        "append chunk compact concat first has initial join last list mustAppend mustChunk"
        " mustCompact mustFirst mustHas mustInitial mustLast mustPrepend mustPush mustRest"
        " mustReverse mustSlice mustUniq mustWithout prepend push rest reverse slice sortAlpha"
        " tuple uniq without"
    ),
    "sprig.arithmetic": (
        "add add1 add1f addf biggest ceil div divf floor max maxf min minf mod mul mulf round seq"
        " sub subf until untilStep"
    ),
    "sprig.paths": "base clean dir ext isAbs osBase osClean osDir osExt osIsAbs",
    "sprig.regexes": (
        "mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll"
        " mustRegexReplaceAllLiteral mustRegexSplit regexFind regexFindAll regexMatch"
        " regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit"
    ),
    "sprig.texts": (
        "abbrev abbrevboth camelcase cat contains hasPrefix hasSuffix indent initials kebabcase"
        " lower nindent nospace plural quote repeat replace snakecase split splitList splitn"
        " squote substr swapcase title trim trimAll trimall trimPrefix trimSuffix trunc untitle"
        " upper wrap wrapWith"
    ),
    "sprig.urls": "urlJoin urlParse",
    "sprig.versions": "semver semverCompare",
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}

_OUTSIDE = "it would show the machine it runs on to every author of a template"
_CHANCE = "its result differs from run to run, so every reconcile would change the objects"
_MOMENT = "its result depends on the time, so every reconcile would change the objects"
_SECRETS = "it makes key material, which belongs into a Secret made elsewhere"
_BY_CHANCE = "randAlpha randAlphaNum randAscii randBytes randInt randNumeric shuffle uuidv4"
_OF_KEYS = (
    "bcrypt buildCustomCert decryptAES encryptAES genCA genCAWithKey genPrivateKey"
    " genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey htpasswd"
)
DISABLED: dict[str, str] = {
    **dict.fromkeys(("env", "expandenv", "getHostByName"), _OUTSIDE),
    **dict.fromkeys(_BY_CHANCE.split(), _CHANCE),
    **dict.fromkeys(("now", "ago"), _MOMENT),
    **dict.fromkeys(_OF_KEYS.split(), _SECRETS),
}
"""sprig functions that are off, with the reason."""

_HELM = {
    "fromJsonArray": "use fromJson",
    "fromToml": "",
    "fromYaml": "use fromJson",
    "fromYamlArray": "use fromJson",
    "include": "use define and template, or repeat the text",
    "lookup": "templates here cannot read the cluster",
    "mustToToml": "",
    "mustToYaml": "use toJson, which is YAML too",
    "required": 'use {{ if not … }}{{ fail "…" }}{{ end }}',
    "toToml": "",
    "toYaml": "use toJson, which is YAML too",
    "toYamlPretty": "use toPrettyJson, which is YAML too",
    "tpl": "templates here are rendered once",
}

NAMES = frozenset(_MODULE_OF) | SPECIAL
"""All functions there are without those of the caller."""


@cache
def function(name: str) -> Function:
    """The function of that name; KeyError if there is none."""
    module = _MODULE_OF[name]
    table: dict[str, Function] = import_module(f"..{module}", __package__).FUNCTIONS
    return table[name]


def undefined(name: str, added: Iterable[str] = ()) -> tuple[str, str]:
    """Diagnostic code and help for a name that cannot be called; ``added`` are the caller's."""
    if name in DISABLED:
        return "template-disabled", f"{name} is off: {DISABLED[name]}"
    if name in _HELM:
        advice = _HELM[name]
        origin = f"{name} is one of Helm's functions, not of Go templates or sprig"
        return "template-syntax", f"{origin}; {advice}" if advice else origin
    near = nearest(name, {*NAMES, *added})
    return "template-syntax", f"did you mean {near}?" if near else ""
