"""Templates that attack their engine: by name, the profile they run under and the text.

Every one has to end as a TemplateError. Some are repetitions of a few characters, so the texts are
written as expressions.
"""

from __future__ import annotations

__all__ = ["GO", "JINJA"]

_DOUBLINGS = "{{ $x = print $x $x }}" * 40
_FAN = "".join(
    f'{{{{ define "t{level}" }}}}' + f'{{{{ template "t{level + 1}" . }}}}' * 10 + "{{ end }}"
    for level in range(18)
)
_PAIRS = "".join(
    f'{{{{ define "t{level}" }}}}' + f'{{{{ template "t{level + 1}" . }}}}' * 2 + "{{ end }}"
    for level in range(38)
)
_BIG = '{{ $x := repeat 60000 "abcdefgh" }}'

GO: dict[str, tuple[str, str]] = {
    # --- reaching outside ---
    "class-of-struct": ("narrow", "{{ .__class__ }}"),
    "class-of-string": ("narrow", "{{ .ModelName.__class__ }}"),
    "mro": ("narrow", "{{ .ModelName.__class__.__mro__ }}"),
    "init-globals": ("narrow", "{{ .__init__.__globals__ }}"),
    "format-method": ("narrow", '{{ .ModelName.format "x" }}'),
    "encode-method": ("wide", "{{ .ModelName.encode }}"),
    "slots-of-struct": ("wide", "{{ .values }}"),
    "go-type-of-struct": ("wide", "{{ .go_type }}"),
    "list-method": ("wide", "{{ (list 1).append 2 }}"),
    "method-of-number": ("wide", "{{ (1).bit_length }}"),
    "payload-of-time": ("wide", '{{ (toDate "2006" "2024").payload }}'),
    "methods-of-version": ("wide", '{{ (semver "1.2.3").methods }}'),
    "call-string": ("narrow", "{{ call .ModelName }}"),
    "env": ("narrow", '{{ env "HOME" }}'),
    "env-in-dead-branch": ("wide", '{{ if false }}{{ env "PATH" }}{{ end }}'),
    "expandenv": ("wide", '{{ "$HOME" | expandenv }}'),
    "host-by-name": ("wide", '{{ getHostByName "localhost" }}'),
    "random": ("wide", "{{ randAlphaNum 8 }}"),
    "random-bytes": ("wide", "{{ randBytes 1000000000 }}"),
    "uuid": ("wide", "{{ uuidv4 }}"),
    "shuffle": ("wide", '{{ shuffle "abc" }}'),
    "now": ("wide", "{{ now }}"),
    "ago": ("wide", "{{ ago 0 }}"),
    "private-key": ("wide", '{{ genPrivateKey "rsa" }}'),
    "certificate": ("wide", '{{ genCA "ca" 365 }}'),
    "bcrypt": ("wide", '{{ bcrypt "x" }}'),
    "aes": ("wide", '{{ encryptAES "0123456789abcdef" "x" }}'),
    "file-of-helm": ("wide", '{{ .Files.Get "passwd" }}'),
    "lookup-of-helm": ("wide", '{{ lookup "v1" "Secret" "" "" }}'),
    "tpl-of-helm": ("wide", '{{ tpl "{{ . }}" . }}'),
    "date-of-nothing": ("wide", '{{ date "2006" nil }}'),
    # --- endless templates ---
    "self-call": ("narrow", '{{ define "t" }}{{ template "t" . }}{{ end }}{{ template "t" . }}'),
    "self-call-of-main": ("wide", '{{ template "template" . }}'),
    "mutual-calls": (
        "wide",
        '{{ define "a" }}{{ template "b" . }}{{ end }}{{ define "b" }}{{ template "a" . }}{{ end }}'
        '{{ template "a" . }}',
    ),
    "call-fan-by-ten": ("narrow", _FAN[:3000] + '{{ template "t0" . }}'),
    "call-fan-by-ten-wide": ("wide", _FAN + '{{ define "t18" }}{{ end }}{{ template "t0" . }}'),
    "call-fan-by-two": ("wide", _PAIRS + '{{ define "t38" }}{{ end }}{{ template "t0" . }}'),
    "deep-calls-in-nested-ifs": (
        "wide",
        '{{ define "t" }}'
        + "{{ if . }}" * 40
        + '{{ template "t" . }}'
        + "{{ end }}" * 40
        + '{{ end }}{{ template "t" 1 }}',
    ),
    # --- floods of iterations ---
    "range-of-number": ("wide", "{{ range 1000000000 }}{{ end }}"),
    "range-of-number-narrow": ("narrow", "{{ range 9223372036854775807 }}{{ end }}"),
    "nested-ranges": ("wide", "{{ range 1000 }}" * 4 + "x" + "{{ end }}" * 4),
    "nested-ranges-of-lists": (
        "narrow",
        "{{ $l := list 1 2 3 4 5 6 7 8 9 }}" + "{{ range $l }}" * 9 + "{{ end }}" * 9,
    ),
    "until": ("wide", "{{ until 1000000000 }}"),
    "until-narrow": ("narrow", "{{ len (until 10000000) }}"),
    "until-step": ("wide", "{{ untilStep 0 9223372036854775807 1 }}"),
    "until-step-down": ("wide", "{{ untilStep 0 -9000000000000000000 -3 }}"),
    "seq": ("wide", "{{ seq 1 1000000000 }}"),
    "seq-step": ("wide", "{{ seq 0 1 100000000 }}"),
    "range-of-until": (
        "wide",
        "{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}",
    ),
    "range-of-growing-list": (
        "wide",
        "{{ $l := list 1 }}{{ range until 100000 }}{{ $l = concat $l $l }}{{ end }}",
    ),
    # --- long output and values ---
    "output": ("wide", "{{ range 90000 }}0123456789abcdef{{ end }}"),
    "output-narrow": ("narrow", '{{ range 1900 }}{{ "0123456789" }}{{ end }}'),
    "repeat": ("wide", '{{ repeat 1000000000 "x" }}'),
    "repeat-of-repeat": ("wide", '{{ "abc" | repeat 100000 | repeat 100000 }}'),
    "indent": ("wide", '{{ indent 1000000000 "x" }}'),
    "nindent-of-lines": ("wide", '{{ repeat 10000 "\\n" | nindent 10000 }}'),
    "printf-width": ("wide", '{{ printf "%1000000d" 1 }}' * 2),
    "printf-width-million": ("narrow", '{{ printf "%999999d" 1 }}'),
    "printf-star": ("narrow", '{{ printf "%*d" 1000000 1 }}'),
    "printf-precision": ("narrow", '{{ printf "%.1000000f" 1.0 }}'),
    "printf-many-widths": ("wide", "{{ printf " + '"' + "%99999d" * 100 + '" ' + "1 " * 100 + "}}"),
    "printf-unicode-precision": ("narrow", '{{ printf "%.999999U" 1 }}'),
    "doubling-string": ("wide", '{{ $x := "x" }}' + _DOUBLINGS),
    "doubling-in-range": ("narrow", '{{ $x := "x" }}{{ range 100 }}{{ $x = cat $x $x }}{{ end }}'),
    "doubling-list": ("wide", "{{ $x := list 1 }}" + "{{ $x = concat $x $x }}" * 40),
    "list-of-itself-twice": (
        "wide",
        "{{ $x := list 1 }}" + "{{ $x = list $x $x }}" * 60 + "{{ $x }}",
    ),
    "list-of-itself-to-json": (
        "wide",
        "{{ $x := list 1 }}" + "{{ $x = list $x $x }}" * 60 + "{{ toJson $x }}",
    ),
    "list-of-itself-copied": (
        "wide",
        "{{ $x := list 1 }}" + "{{ $x = list $x $x }}" * 60 + "{{ deepCopy $x }}",
    ),
    "list-of-itself-compared": (
        "wide",
        "{{ $x := list 1 }}{{ $y := list 1 }}"
        + "{{ $x = list $x $x }}{{ $y = list $y $y }}" * 60
        + "{{ deepEqual $x $y }}",
    ),
    "list-of-itself-formatted": (
        "wide",
        "{{ $x := list 1 }}" + "{{ $x = list $x $x }}" * 60 + '{{ printf "%d" $x }}',
    ),
    "dict-in-itself-printed": ("wide", '{{ $d := dict }}{{ $d = set $d "d" $d }}{{ $d }}'),
    "dict-in-itself-to-json": ("wide", '{{ $d := dict }}{{ $d = set $d "d" $d }}{{ toJson $d }}'),
    "dict-in-itself-copied": ("wide", '{{ $d := dict }}{{ $d = set $d "d" $d }}{{ deepCopy $d }}'),
    "dict-in-itself-merged": (
        "wide",
        '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $e := dict }}{{ $_ := set $e "d" $e }}'
        "{{ $_ := merge $d $e }}{{ $d }}",
    ),
    "deep-list": ("wide", "{{ $x := list }}{{ range 20000 }}{{ $x = list $x }}{{ end }}{{ $x }}"),
    "deep-json": ("wide", '{{ repeat 100000 "[" | mustFromJson }}'),
    "kept-strings": (
        "wide",
        '{{ $l := list }}{{ range until 1000 }}{{ $l = append $l (repeat 100000 "x") }}{{ end }}',
    ),
    "kept-wide-characters": (
        "wide",
        '{{ $l := list }}{{ range until 1000 }}{{ $l = append $l (repeat 90000 "☃") }}{{ end }}',
    ),
    "replace-amplified": ("wide", _BIG + '{{ replace "a" $x $x }}'),
    "replace-of-nothing": ("wide", _BIG + '{{ replace "" "0123456789" $x }}'),
    "join-amplified": ("wide", '{{ join (repeat 100000 "x") (until 100000) }}'),
    "base64-chain": ("wide", '{{ "x" ' + "| b64enc" * 80 + " }}"),
    "quote-chain": ("wide", '{{ "\\"" ' + "| quote" * 40 + " }}"),
    "json-chain": ("wide", '{{ "\\"" ' + "| toJson" * 40 + " }}"),
    "html-chain": ("wide", '{{ "&&&&" ' + "| html" * 400 + " }}{{ range 1000000 }}{{ end }}"),
    "url-chain": ("wide", '{{ "%%%%" ' + "| urlquery" * 2000 + " }}{{ range 1000000 }}{{ end }}"),
    "wrap-with-long-separator": ("wide", _BIG + "{{ wrapWith 1 $x $x }}"),
    # --- slow functions ---
    "uniq": ("wide", "{{ uniq (until 100000) }}"),
    "without": ("wide", "{{ $l := until 10000 }}{{ range $l }}{{ $_ := without $l . }}{{ end }}"),
    "has-in-range": ("wide", "{{ $l := until 90000 }}{{ range $l }}{{ $_ := has -1 $l }}{{ end }}"),
    "sort-in-range": (
        "wide",
        "{{ $l := until 50000 }}{{ range $l }}{{ $_ := sortAlpha $l }}{{ end }}",
    ),
    "upper-of-snowmen": (
        "wide",
        '{{ $x := repeat 300000 "é" }}{{ range 1000 }}{{ $_ := upper $x }}{{ end }}',
    ),
    "title-in-range": (
        "wide",
        '{{ $x := repeat 300000 "a b" }}{{ range 1000 }}{{ $_ := title $x }}{{ end }}',
    ),
    "kebab-in-range": (
        "wide",
        '{{ $x := repeat 100000 "aB" }}{{ range 1000 }}{{ $_ := kebabcase $x }}{{ end }}',
    ),
    "wrap-in-range": (
        "wide",
        '{{ $x := repeat 100000 "a b" }}{{ range 1000 }}{{ $_ := wrap 1 $x }}{{ end }}',
    ),
    "sha-in-range": ("wide", _BIG + "{{ range 90000 }}{{ $_ := sha512sum $x }}{{ end }}"),
    "derive-password": (
        "narrow",
        '{{ range 50 }}{{ derivePassword 1 "long" "p" "u" "s" }}{{ end }}',
    ),
    "big-decimals": (
        "wide",
        "{{ range 50000 }}{{ $_ := mulf " + "1e300 " * 1000 + "}}{{ end }}",
    ),
    "long-decimal-division": ("wide", "{{ divf " + "1e-300 " * 5000 + "}}"),
    # --- regular expressions ---
    "regex-nested-plus": ("wide", '{{ regexMatch "(a+)+$" (repeat 60000 "a" | cat "b") }}' * 20),
    "regex-alternatives": ("wide", '{{ regexMatch "(a|a)*b" (repeat 60000 "a") }}' * 20),
    "regex-nested-repeat": ("wide", '{{ regexFind "(a{1000}){1000}" "a" }}'),
    "regex-nested-repeat-thrice": ("wide", '{{ regexFind "((a{30}){30}){30}" "a" }}'),
    "regex-hidden-repeat": ("wide", '{{ regexFind "(((a{10}|b){10}|c){10}|d){10}" "a" }}'),
    "regex-wide-alternation": (
        "wide",
        "{{ regexFind `(" + "|".join("abcdefgh" * 12) + "){900}` `a` }}",
    ),
    "regex-long-pattern": ("wide", '{{ regexMatch (repeat 500000 "a?") "a" }}'),
    "regex-deep-groups": (
        "wide",
        '{{ regexFind (printf "%s%s" (repeat 499 "(") (repeat 499 ")")) "a" }}' * 50
        + "{{ range 1000000 }}{{ end }}",
    ),
    "regex-long-text": ("wide", _BIG + '{{ regexFindAll "a" $x -1 }}'),
    "regex-quadratic": ("wide", '{{ regexFindAll "b*c|b" (repeat 60000 "b") -1 }}'),
    "regex-optional-flood": (
        "wide",
        '{{ regexMatch (print (repeat 200 "a?") (repeat 200 "a")) (repeat 60000 "a") }}' * 5,
    ),
    "regex-replace-amplified": (
        "wide",
        '{{ regexReplaceAll "a" (repeat 60000 "a") (repeat 60000 "b") }}',
    ),
    "regex-reference-amplified": (
        "wide",
        '{{ regexReplaceAll "(.*)" (repeat 60000 "a") (repeat 1000 "$1") }}',
    ),
    "regex-unicode-class": (
        "wide",
        '{{ regexFindAll "[\\\\p{L}\\\\p{N}\\\\p{S}]+x" (repeat 60000 "é") -1 }}',
    ),
    # --- sources ---
    "source-too-long": ("narrow", "x" * 5000),
    "source-too-long-wide": ("wide", "x" * 300_000),
    "many-actions": ("wide", "{{.}}" * 50_000),
    "many-parentheses": ("wide", "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}"),
    "many-nested-ifs": ("wide", "{{ if true }}" * 5_000 + "{{ end }}" * 5_000),
    "many-else-ifs": ("wide", "{{ if false }}" + "{{ else if false }}" * 10_000 + "{{ end }}"),
    "many-stages": ("wide", "{{ 1 " + "| print " * 30_000 + "}}"),
    "many-defines": ("wide", '{{ define "x" }}y{{ end }}' * 9_000),
    "many-fields": ("wide", "{{ ." + "a." * 20_000 + "a }}"),
    "long-integer": ("wide", "{{ " + "9" * 200_000 + " }}"),
    "long-float": ("wide", "{{ 1." + "9" * 200_000 + " }}"),
    "long-hexadecimal": ("wide", "{{ 0x" + "f" * 200_000 + "p1 }}"),
    "large-exponent": ("wide", "{{ 1e999999999 }}"),
    "long-integer-as-text": ("wide", '{{ repeat 900000 "9" | atoi | fail }}'),
    "long-float-as-text": ("wide", '{{ repeat 900000 "9" | float64 | fail }}'),
    "unclosed-comment": ("wide", "{{/* " * 40_000),
    "unclosed-quotes": ("wide", '{{ "' * 40_000),
    "backslashes": ("wide", '{{ "' + "\\" * 200_000),
    "surrogate": ("wide", '{{ fail "\ud800" }}'),
    "nul": ("wide", "{{ \0 }}"),
    # --- parsers inside functions ---
    "semver-blanks": ("wide", '{{ semverCompare (repeat 100000 " ") "1.2.3" }}'),
    "semver-commas": ("wide", '{{ semverCompare (repeat 160 ">1, " | print ">1 " ) "x" }}'),
    "date-layout": ("wide", '{{ mustToDate (repeat 100000 "2006") "2024" }}'),
    "date-format": ("wide", '{{ dateInZone (repeat 1000000 "2006") 0 "UTC" }}'),
    "date-overflow": ("wide", '{{ date "2006" 9223372036854775807 | fail }}'),
    "zone-path": ("wide", '{{ dateInZone "2006" 0 "../../../../etc/passwd" | fail }}'),
    "duration-digits": ("wide", '{{ mustDateModify (repeat 100000 "9") (toDate "2006" "2024") }}'),
    "url-escapes": ("wide", '{{ urlParse (repeat 300000 "%4") }}'),
    "json-numbers": ("wide", '{{ print "[" (repeat 100000 "1e999,") "1]" | mustFromJson }}'),
}
"""Templates of the go dialect."""

JINJA: dict[str, tuple[str, str]] = {
    # --- reaching outside ---
    "class": ("narrow", "{{ ModelName.__class__ }}"),
    "mro": ("narrow", "{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    "attr-filter": ("wide", "{{ ModelName | attr('__class__') | attr('__base__') | list }}"),
    "map-attribute": ("wide", "{{ [ModelName] | map(attribute='__class__') | list }}"),
    "item": ("wide", "{{ ModelName['__class__'] + 1 }}"),
    "function-globals": ("wide", "{{ getPort.__globals__ }}"),
    "function-attribute": ("wide", "{{ getPort.func_globals.x }}"),
    "self": ("wide", "{{ self.__init__.__globals__ }}"),
    "context-of-self": ("wide", "{{ self._TemplateReference__context.environment }}"),
    "loop-internals": ("wide", "{% for x in [1] %}{{ loop._iterator.gi_frame }}{% endfor %}"),
    "macro-internals": ("wide", "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}"),
    "cycler-init": ("wide", "{{ cycler.__init__.__globals__ }}"),
    "namespace-class": ("wide", "{{ namespace.__init__.__globals__.os }}"),
    "format-method": ("wide", "{{ '{0.__class__}'.format(1).x }}"),
    "format-map-method": ("wide", "{{ '{a.__class__}'.format_map({'a': 1}).x }}"),
    "format-method-width": ("wide", "{{ '{:1000000000}'.format(1) }}"),
    "format-method-nested": ("wide", "{{ '{:{}}'.format(1, 1000000000) }}"),
    "percent-operator": ("wide", "{{ '%1000000000d' % 1 }}"),
    "encode": ("wide", "{{ ModelName.encode().x }}"),
    "include": ("wide", "{% include '/etc/passwd' %}"),
    "import": ("wide", "{% import 'os' as os %}"),
    "from-import": ("wide", "{% from 'os' import environ %}"),
    "extends": ("wide", "{% extends 'base' %}"),
    "lipsum": ("wide", "{{ lipsum.__globals__ }}"),
    "random": ("wide", "{{ [1, 2] | random }}"),
    "append": ("wide", "{% set x = [] %}{{ x.append(1) }}"),
    "to-bytes": ("wide", "{{ (1).to_bytes(1000000000, 'big') }}"),
    # --- endless ---
    "macro-recursion": ("narrow", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
    "macro-fan": (
        "wide",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
        "{{ m(60) }}",
    ),
    "macro-fan-shallow": (
        "wide",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}"
        "{% endmacro %}{{ m(18) }}",
    ),
    "loop-recursion": (
        "wide",
        "{% for x in [1, 2] recursive %}{% if loop.depth < 25 %}{{ loop([1, 2]) }}{% endif %}"
        "{% endfor %}",
    ),
    "loop-recursion-deep": ("wide", "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}"),
    "block-recursion": ("wide", "{% block b %}{{ self.b() }}{{ self.b() }}{% endblock %}"),
    "call-recursion": (
        "wide",
        "{% macro m() %}{{ caller() }}{% call m() %}{{ m() }}{% endcall %}{% endmacro %}"
        "{% call m() %}x{% endcall %}",
    ),
    "range": ("wide", "{% for x in range(1000000000) %}{% endfor %}"),
    "range-narrow": ("narrow", "{% for x in range(10001) %}{% endfor %}"),
    "nested-ranges": (
        "wide",
        "{% for x in range(1000) %}" * 4 + "{% endfor %}" * 4,
    ),
    "filtered-loops": (
        "wide",
        "{% for x in range(99999) %}{% for y in range(99999) if false %}{% endfor %}{% endfor %}",
    ),
    "loop-length": (
        "wide",
        "{% for x in range(9999) %}{% for y in range(9999) %}{{ loop.length }}{% endfor %}"
        "{% endfor %}",
    ),
    "range-sums": (
        "wide",
        "{% for x in range(99999) %}{% set y = range(99999) | sum %}{% endfor %}",
    ),
    "range-lists": (
        "wide",
        "{% for x in range(99999) %}{% set y = range(99999) | list %}{% endfor %}",
    ),
    "mapped-ranges": (
        "wide",
        "{% for x in range(99999) %}{% set y = range(99999) | map('string') | join %}{% endfor %}",
    ),
    "sorted-ranges": (
        "wide",
        "{% for x in range(99999) %}{% set y = range(99999) | sort(reverse=true) %}{% endfor %}",
    ),
    # --- long values ---
    "multiplied-string": ("wide", "{{ 'x' * 1000000000 }}"),
    "multiplied-list": ("wide", "{{ [1] * 100000000 }}"),
    "multiplied-reversed": ("wide", "{{ 1000000000 * 'x' }}"),
    "doubling-by-concat": ("wide", "{% set x = 'x' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}"),
    "doubling-by-plus": ("wide", "{% set x = 'x' %}" + "{% set x = x + x %}" * 40 + "{{ x }}"),
    "doubling-by-join": ("wide", "{% set x = 'x' %}" + "{% set x = [x, x] | join %}" * 40),
    "doubling-by-capture": (
        "wide",
        "{% set x = 'x' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40,
    ),
    "doubling-list": ("wide", "{% set x = [1] %}" + "{% set x = x + x %}" * 40),
    "list-of-itself": ("wide", "{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x }}"),
    "lists-compared": (
        "wide",
        "{% set x = [1] %}{% set y = [1] %}"
        + "{% set x = [x, x] %}{% set y = [y, y] %}" * 60
        + "{{ x == y }}",
    ),
    "dict-of-itself": ("wide", "{% set x = {} %}" + "{% set x = {1: x, 2: x} %}" * 60 + "{{ x }}"),
    "tuple-of-itself": ("wide", "{% set x = 1 %}" + "{% set x = (x, x) %}" * 60 + "{{ x }}"),
    "dict-call": ("wide", "{% set x = 1 %}" + "{% set x = dict(a=x, b=x) %}" * 60 + "{{ x }}"),
    "namespace-growth": (
        "wide",
        "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}"
        "{% endfor %}",
    ),
    "namespace-strings": (
        "wide",
        "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}"
        "{% endfor %}",
    ),
    "captured-text": (
        "wide",
        "{% set x %}{% for i in range(99999) %}" + "0123456789" * 100 + "{% endfor %}{% endset %}",
    ),
    "captured-nested-text": (
        "wide",
        "{% set x %}{% for i in range(9999) %}{% if i %}{% filter upper %}"
        + "0123456789" * 100
        + "{% endfilter %}{% endif %}{% endfor %}{% endset %}",
    ),
    "macro-text": (
        "wide",
        "{% macro m() %}" + "0123456789" * 100 + "{% endmacro %}"
        "{% for i in range(99999) %}{% set x = m() %}{% endfor %}",
    ),
    "output": ("wide", "{% for i in range(99999) %}0123456789abcdef{% endfor %}"),
    "output-narrow": ("narrow", "{% for i in range(1999) %}{{ ModelName }}xxxx{% endfor %}"),
    "center": ("wide", "{{ 'x' | center(1000000000) }}"),
    "center-method": ("wide", "{{ 'x'.center(1000000000) }}"),
    "ljust-method": ("wide", "{{ 'x'.ljust(1000000000) }}"),
    "expandtabs-method": ("wide", "{{ '\t'.expandtabs(1000000000) }}"),
    "zfill-method": ("wide", "{{ '1'.zfill(1000000000) }}"),
    "indent": ("wide", "{{ 'x\ny' | indent(1000000000) }}"),
    "indent-by-text": ("wide", "{{ ('x\n' * 9999) | indent('y' * 9999) }}"),
    "format-width": ("wide", "{{ '%1000000000d' | format(1) }}"),
    "format-star": ("wide", "{{ '%*d' | format(1000000000, 1) }}"),
    "format-precision": ("wide", "{{ '%.1000000000f' | format(1) }}"),
    "format-named-width": ("wide", "{{ '%(a)1000000000d' | format(a=1) }}"),
    "tojson-indent": ("wide", "{{ [[1]] | tojson(indent=1000000000) }}"),
    "batch": ("wide", "{{ [1] | batch(1000000000, 'x') | list }}"),
    "slice": ("wide", "{{ [1] | slice(1000000000) | list }}"),
    "replace-filter": ("wide", "{{ ('a' * 9999) | replace('a', 'b' * 9999) }}"),
    "replace-method": ("wide", "{{ ('a' * 9999).replace('a', 'b' * 9999) }}"),
    "replace-nothing": ("wide", "{{ ('a' * 9999).replace('', 'b' * 9999) }}"),
    "join-filter": ("wide", "{{ range(9999) | list | join('b' * 9999) }}"),
    "join-generator": ("wide", "{{ range(9999) | map('string') | join('b' * 99999) }}"),
    "join-method": ("wide", "{{ ('b' * 9999).join('a' * 9999) }}"),
    "join-method-generator": ("wide", "{{ ('b' * 99999).join(range(99999) | map('string')) }}"),
    "power": ("wide", "{{ 10 ** 1000000000 }}"),
    "power-of-power": ("wide", "{{ 9 ** (9 ** 9) }}"),
    "squares": ("wide", "{% set x = 9 %}" + "{% set x = x * x %}" * 40),
    "shifted-power": ("wide", "{{ 2 ** (10 ** 8) % 7 }}"),
    "long-integer": ("wide", "{{ " + "9" * 100_000 + " }}"),
    "constant-filters": ("wide", "{{ 'x' | center(900000) }}" * 500),
    "constant-concats": ("wide", "{{ 'x' * 900000 ~ 'y' }}" * 500),
    # --- sources ---
    "source-too-long": ("narrow", "x" * 5_000),
    "many-expressions": ("wide", "{{x}}" * 50_000),
    "many-parentheses": ("wide", "{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}"),
    "many-brackets": ("wide", "{{ " + "[" * 2_000 + "]" * 2_000 + " }}"),
    "many-minus": ("wide", "{{ " + "-" * 5_000 + "1 }}"),
    "many-nots": ("wide", "{{ " + "not " * 2_500 + "1 }}"),
    "many-plus": ("wide", "{{ 1" + "+1" * 3_000 + " }}"),
    "many-nested-ifs": ("wide", "{% if 1 %}" * 600 + "{% endif %}" * 600),
    "many-nested-loops": ("wide", "{% for x in [1] %}" * 60 + "{% endfor %}" * 60),
    "many-filters": ("wide", "{{ 1" + "|abs" * 2_900 + " }}"),
    "many-attributes": ("wide", "{{ x" + ".a" * 2_900 + " }}"),
    "unclosed": ("wide", "{{ '" + "x" * 200_000),
    "unclosed-comment": ("wide", "{#" * 100_000),
    "unclosed-raw": ("wide", "{% raw %}" * 20_000),
    "blanks": ("wide", "{{" + " " * 200_000),
    "surrogate": ("wide", "{{ '\ud800' ~ nothing }}"),
}
"""Templates of the jinja2 dialect."""
