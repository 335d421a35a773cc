"""Templates that attack their engine: by name, the profile they run under and the text.

Every one has to end as a TemplateError. Some are repetitions of a few characters, so the texts are
written as expressions.
"""

from __future__ import annotations

__all__ = ["GO"]

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
