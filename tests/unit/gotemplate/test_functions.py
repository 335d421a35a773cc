"""Tests of the function map: every sprig function is there or off with a reason."""

from __future__ import annotations

from importlib import import_module

import pytest

from msvc_pulumi.gotemplate import TemplateError, render
from msvc_pulumi.gotemplate.execute import functions
from msvc_pulumi.gotemplate.reflect.calls import Function

SPRIG = """
abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc
base bcrypt biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains
date dateInZone dateModify date_in_zone date_modify decryptAES deepCopy deepEqual default
derivePassword dict dig dir div divf duration durationRound empty encryptAES env expandenv ext fail
first float64 floor fromJson genCA genCAWithKey genPrivateKey genSelfSignedCert
genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get getHostByName has hasKey hasPrefix
hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials int int64 isAbs join
kebabcase keys kindIs kindOf last list lower max maxf merge mergeOverwrite min minf mod mul mulf
mustAppend mustChunk mustCompact mustDateModify mustDeepCopy mustFirst mustFromJson mustHas
mustInitial mustLast mustMerge mustMergeOverwrite mustPrepend mustPush mustRegexFind
mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit
mustRest mustReverse mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq
mustWithout must_date_modify nindent nospace now omit osBase osClean osDir osExt osIsAbs pick pluck
plural prepend push quote randAlpha randAlphaNum randAscii randBytes randInt randNumeric regexFind
regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat
replace rest reverse round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle slice
snakecase sortAlpha split splitList splitn squote sub subf substr swapcase ternary title toDate
toDecimal toJson toPrettyJson toRawJson toString toStrings trim trimAll trimPrefix trimSuffix
trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch unset until untilStep untitle upper
urlJoin urlParse uuidv4 values without wrap wrapWith
"""
BUILTIN = "and call eq ge gt html index js le len lt ne not or print printf println slice urlquery"


def test_every_function_of_sprig_and_go_is_known() -> None:
    """The names are those of sprig 3.3.0 and text/template, no more and no less."""
    known = functions.NAMES | functions.DISABLED.keys()
    assert known == {*SPRIG.split(), *BUILTIN.split()}


def test_no_function_is_both_on_and_off() -> None:
    """What is off cannot be called by any path."""
    assert functions.NAMES.isdisjoint(functions.DISABLED)


@pytest.mark.parametrize("name", sorted(functions.NAMES - functions.SPECIAL))
def test_functions_carry_their_own_name(name: str) -> None:
    """A function is found in the module its name is listed for, and errors will name it right."""
    found = functions.function(name)
    assert isinstance(found, Function)
    assert found.name == name


def test_modules_define_nothing_unlisted() -> None:
    """Every function of a module can be reached by name."""
    for module, names in functions._MODULES.items():
        table = import_module(f"msvc_pulumi.gotemplate.{module}").FUNCTIONS
        assert set(table) == set(names.split()), module


@pytest.mark.parametrize("name", sorted(functions.DISABLED))
def test_disabled_functions_say_why(name: str) -> None:
    """A function that is off is an error of its own, even where it would never be called."""
    with pytest.raises(TemplateError) as caught:
        render(f"{{{{ if false }}}}{{{{ {name} }}}}{{{{ end }}}}", {})
    assert caught.value.code == "template-disabled"
    assert caught.value.help == f"{name} is off: {functions.DISABLED[name]}"


@pytest.mark.parametrize("name", ["toYaml", "include", "tpl", "required", "lookup"])
def test_helm_functions_are_recognised(name: str) -> None:
    """Helm's functions are unknown, and the help says whose they are."""
    with pytest.raises(TemplateError, match=f'function "{name}" not defined') as caught:
        render(f"{{{{ {name} . }}}}", {})
    assert caught.value.code == "template-syntax"
    assert f"{name} is one of Helm's functions" in caught.value.help


def test_importing_the_package_loads_no_engine() -> None:
    """Engines are only loaded by templates that use what comes from them."""
    import subprocess
    import sys

    program = (
        "import sys; from msvc_pulumi.gotemplate import render;"
        "render('{{ .x | upper | default `a` | quote }}{{ toJson (dict 1 2) }}', {'x': 'b'});"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('re2', 'gotime')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
