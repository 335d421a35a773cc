"""Templates that attack their engine: by name, the profile they must fail under and the text.

Every one has to end as a TemplateError, and within the bounds under the other profile too. What is
costly but no error by itself is followed by one (`_THEN_FAIL`). Guards are tested just over their
bounds, so nothing here stands still anywhere else. Some are repetitions of a few characters, so the
texts are written as expressions.
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
_BIG = '{{ $x := repeat 30000 "abcdefgh" }}'
_LISTED = '{{ $x := repeat 30000 "abcdefgh" }}{{ $l := list $x }}'
_SMALL = '{{ $x := repeat 6000 "abcdefgh" }}{{ $l := list $x }}'  # for the narrow profile
_THEN_FAIL = "{{ until 1000000000 }}"
_DAG = "{{ $x := list 1 }}" + "{{ $x = list $x $x }}" * 60
_DAG_OF_MAPS = "{{ $x := dict }}" + '{{ $x = dict "a" $x "b" $x }}' * 60
_CUT = (
    '{{ $c := "" }}{{ range until 3000 }}{{ $c = printf "%s%c" $c (int (add . 20000)) }}{{ end }}'
)


def _loop(body: str, times: int = 99_000) -> str:
    """``body`` again and again, until a bound ends it."""
    return f"{{{{ range {times} }}}}{body}{{{{ end }}}}" + _THEN_FAIL


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
    "regex-nested-plus": (
        "wide",
        '{{ regexMatch "(a+)+$" (repeat 20000 "a" | cat "b") }}' * 2 + _THEN_FAIL,
    ),
    "regex-alternatives": ("wide", '{{ regexMatch "(a|a)*b" (repeat 30000 "a") }}' + _THEN_FAIL),
    "regex-nested-repeat": ("wide", '{{ regexFind "(a{1000}){1000}" "a" }}'),
    "regex-nested-repeat-thrice": ("wide", '{{ regexFind "((a{30}){30}){30}" "a" }}'),
    "regex-hidden-repeat": ("wide", '{{ regexFind "(((a{10}|b){10}|c){10}|d){10}" "a" }}'),
    "regex-wide-alternation": (
        "wide",
        "{{ regexFind `(" + "|".join("abcdefgh" * 12) + "){900}` `a` }}" + _THEN_FAIL,
    ),
    "regex-states-without-end": (
        "wide",
        "{{ range until 9 }}"
        "{{ $_ := regexFind `[ab]*a[ab]{900}c` (repeat 10000 (print . `abbaab`)) }}"
        "{{ end }}" + _THEN_FAIL,
    ),
    "regex-groups-without-end": (
        "wide",
        "{{ range until 99 }}"
        "{{ $_ := regexReplaceAll `((a|b)*a([ab]{3}){100}c)?(x|a|b)` (repeat 500 `abbaab`) `$1` }}"
        "{{ end }}" + _THEN_FAIL,
    ),
    "regex-many-automata": (
        "wide",
        "{{ range $i := until 40 }}"
        "{{ $_ := regexFind (printf `[ab]*a[ab]{200}(?:c|%d)` $i) (repeat 1000 `abbaab`) }}"
        "{{ end }}" + _THEN_FAIL,
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
        '{{ regexMatch (print (repeat 200 "a?") (repeat 200 "a")) (repeat 20000 "a") }}'
        + _THEN_FAIL,
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
    # --- one call that no clock sees ---
    "cut-set": ("wide", _CUT + '{{ trimAll $c (repeat 200000 "丠") }}'),
    "cut-set-repeated": (
        "wide",
        '{{ $x := repeat 200000 "ab" }}' + _loop("{{ $_ := trimAll $x $x }}"),
    ),
    "cut-set-narrow": (
        "narrow",
        '{{ $x := repeat 50000 "ab" }}' + _loop('{{ trimAll "abcdefghijklmnop" $x }}'),
    ),
    "printf-brackets": ("wide", '{{ printf (repeat 125000 "%[") }}' + _THEN_FAIL),
    "printf-brackets-narrow": ("narrow", '{{ printf (repeat 30000 "%[") }}' + _THEN_FAIL),
    "printf-extra": ("wide", _LISTED + '{{ printf "" ' + "$l " * 2_000 + "}}"),
    "printf-extra-narrow": ("narrow", _SMALL + '{{ printf "" ' + "$l " * 900 + "}}"),
    "printf-no-text": (
        "wide",
        _LISTED + '{{ printf "' + "%.0s" * 2_000 + '" ' + "$l " * 2_000 + "}}" + _THEN_FAIL,
    ),
    "printf-hexadecimal": ("wide", _BIG + '{{ printf "%# x" $x }}'),
    "printf-quoted": ("wide", '{{ printf "%+q" (repeat 250000 "\\u2603") }}'),
    "printf-index-again": ("wide", _BIG + '{{ printf "' + "%[1]s" * 2_000 + '" $x }}'),
    "html-of-lists": ("wide", _LISTED + "{{ html " + "$l " * 2_000 + "}}"),
    "html-of-lists-narrow": ("narrow", _SMALL + "{{ html " + "$l " * 900 + "}}"),
    "js-of-lists": ("wide", _LISTED + "{{ js " + "$l " * 2_000 + "}}"),
    "urlquery-of-lists": ("wide", _LISTED + "{{ urlquery " + "$l " * 2_000 + "}}"),
    "print-of-lists": ("wide", _LISTED + "{{ print " + "$l " * 2_000 + "}}"),
    "println-of-lists": ("wide", _LISTED + "{{ println " + "$l " * 2_000 + "}}"),
    "cat-of-lists": ("wide", _LISTED + "{{ cat " + "$l " * 2_000 + "}}"),
    "quote-of-lists": ("wide", _LISTED + "{{ quote " + "$l " * 2_000 + "}}"),
    "squote-of-lists-narrow": ("narrow", _SMALL + "{{ squote " + "$l " * 900 + "}}"),
    "keys-of-lists": ("wide", _LISTED + "{{ dict " + "$l 1 " * 2_000 + "}}"),
    "keys-of-lists-narrow": ("narrow", _SMALL + "{{ dict " + "$l 1 " * 600 + "}}"),
    "sorted-references": ("wide", _BIG + "{{ sortAlpha (list " + "$x " * 2_000 + ") }}"),
    "sorted-lists": ("wide", _LISTED + "{{ sortAlpha (list " + "$l " * 2_000 + ") }}"),
    "sorted-narrow": ("narrow", _SMALL + "{{ sortAlpha (list " + "$l " * 900 + ") }}"),
    "joined-references": ("wide", _BIG + '{{ join "" (list ' + "$x " * 2_000 + ") }}"),
    "strings-of-lists": ("wide", _LISTED + "{{ toStrings (list " + "$l " * 2_000 + ") }}"),
    "omitted-keys": (
        "wide",
        "{{ $d := dict "
        + "".join(f'"k{n}" 1 ' for n in range(4_000))
        + "}}"
        + _loop("{{ $_ := omit $d " + "".join(f'"o{n}" ' for n in range(4_000)) + "}}"),
    ),
    "picked-keys": (
        "wide",
        '{{ $d := dict "a" 1 }}' + _loop("{{ $_ := pick $d " + '"a" ' * 4_000 + "}}", 200),
    ),
    "sums-of-long-digits": ("wide", '{{ $x := repeat 250000 "9" }}{{ add ' + "$x " * 9_000 + "}}"),
    "largest-of-long-digits": (
        "narrow",
        '{{ $x := repeat 60000 "9." }}' + _loop("{{ max " + "$x " * 900 + "}}"),
    ),
    "json-kept": (
        "wide",
        '{{ $j := print "[" (repeat 80000 "[],") "1]" }}{{ $l := list }}'
        + _loop("{{ $l = append $l (fromJson $j) }}"),
    ),
    "json-kept-narrow": (
        "narrow",
        '{{ $j := print "[" (repeat 20000 "[],") "1]" }}{{ $l := list }}'
        + _loop("{{ $l = append $l (fromJson $j) }}"),
    ),
    "json-of-json": (
        "wide",
        '{{ $j := "[1]" }}' + "{{ $j = toJson (fromJson $j) }}" * 40 + _THEN_FAIL,
    ),
    "json-number-of-digits": ("wide", '{{ mustFromJson (repeat 250000 "9") }}'),
    "json-with-deep-indent": (
        "wide",
        "{{ $x := until 5000 }}{{ range 90 }}{{ $x = list $x }}{{ end }}{{ toPrettyJson $x }}",
    ),
    "json-of-maps": ("wide", _DAG_OF_MAPS + "{{ toPrettyJson $x }}"),
    "long-keys-to-json": (
        "wide",
        "{{ $d := dict }}{{ range until 60 }}"
        '{{ $_ := set $d (print . (repeat 200000 "<")) 1 }}{{ end }}{{ toJson $d }}',
    ),
    "copies-kept": (
        "wide",
        "{{ $x := until 19000 }}{{ $l := list }}" + _loop("{{ $l = append $l (deepCopy $x) }}"),
    ),
    "copy-of-shared-lists": (
        "wide",
        "{{ $x := until 1000 }}{{ $l := list " + "$x " * 9_000 + "}}{{ deepCopy $l }}" + _THEN_FAIL,
    ),
    "copy-of-maps": ("wide", _DAG_OF_MAPS + "{{ deepCopy $x }}"),
    "merge-of-maps": (
        "wide",
        _DAG_OF_MAPS + "{{ $_ := merge (dict) $x }}{{ $_ = merge $x $x }}{{ $x }}",
    ),
    "merge-overwrite-of-maps": (
        "wide",
        _DAG_OF_MAPS + _DAG_OF_MAPS.replace("$x", "$y") + "{{ mergeOverwrite $x $y }}",
    ),
    "maps-compared": (
        "wide",
        _DAG_OF_MAPS + _DAG_OF_MAPS.replace("$x", "$y") + "{{ deepEqual $x $y }}",
    ),
    "shared-lists-sought": ("wide", _DAG + _DAG.replace("$x", "$y") + "{{ has $x (list $y) }}"),
    "shared-lists-made-unique": (
        "wide",
        _DAG + _DAG.replace("$x", "$y") + "{{ uniq (list $x $y) }}",
    ),
    "equal-texts-made-unique": (
        "wide",
        '{{ $x := repeat 200000 "a" }}{{ $y := print $x }}'
        + _loop("{{ $_ := uniq (list " + "$x $y " * 2_000 + ") }}"),
    ),
    "without-many": (
        "wide",
        "{{ $l := until 19000 }}" + _loop("{{ $_ := without $l " + "-1 " * 9_000 + "}}"),
    ),
    "chunks-of-one": (
        "wide",
        "{{ $x := until 19000 }}{{ $l := list }}" + _loop("{{ $l = append $l (chunk 1 $x) }}"),
    ),
    "ranges-kept": ("wide", "{{ $l := list }}" + _loop("{{ $l = append $l (until 19000) }}")),
    "snake-case": ("wide", '{{ snakecase (repeat 125000 "%v") }}' + _THEN_FAIL),
    "snake-case-narrow": ("narrow", '{{ snakecase (repeat 30000 "aB") }}' + _THEN_FAIL),
    "camel-case": ("wide", _loop('{{ $_ := camelcase (repeat 60000 "a_") }}')),
    "kebab-case-of-faces": ("wide", _loop('{{ $_ := kebabcase (repeat 60000 "😀") }}')),
    "title-of-faces": ("wide", _loop('{{ $_ := title (repeat 250000 "😀") }}')),
    "swapped-case": ("wide", _loop('{{ $_ := swapcase (repeat 250000 "ß") }}')),
    "split-into-characters": ("wide", '{{ split "" (repeat 200000 "é") }}'),
    "split-into-many": ("wide", '{{ splitn "," 200000 (repeat 200000 ",") }}'),
    "split-into-characters-narrow": ("narrow", '{{ splitn "" 60000 (repeat 60000 "é") }}'),
    "split-list": ("wide", '{{ splitList "a" (repeat 200000 "a") }}'),
    "wrap-by-one": ("wide", '{{ wrapWith 1 "\n\n" (repeat 200000 "é") }}'),
    "nospace-in-range": ("wide", '{{ $x := repeat 60000 " é" }}' + _loop("{{ $_ := nospace $x }}")),
    "abbreviated": ("wide", _BIG + _loop("{{ $_ := abbrevboth 10 200000 $x }}")),
    "substrings-kept": (
        "wide",
        '{{ $x := repeat 200000 "é" }}{{ $l := list }}'
        + _loop("{{ $l = append $l (substr 0 300000 $x) }}"),
    ),
    "lengths-in-range": ("wide", '{{ $x := repeat 200000 "é" }}' + _loop("{{ $_ := len $x }}")),
    "bytes-in-range": ("wide", '{{ $x := repeat 200000 "é" }}' + _loop("{{ $_ := index $x 9 }}")),
    "contained": ("wide", _BIG + _loop("{{ $_ := contains (print $x) $x }}")),
    "equal-texts": (
        "wide",
        '{{ $x := repeat 250000 "a" }}{{ $y := print $x "" }}'
        + _loop("{{ $_ := eq $x " + "$y " * 20 + "}}"),
    ),
    "ordered-texts": (
        "wide",
        '{{ $x := repeat 200000 "é" }}' + _loop("{{ $_ := lt $x $x }}"),
    ),
    "decoded": ("wide", '{{ $x := repeat 200000 "é" | b64enc }}' + _loop("{{ $_ := b64dec $x }}")),
    "decoded-by-32": (
        "wide",
        '{{ $x := repeat 90000 "é" | b32enc }}' + _loop("{{ $_ := b32dec $x }}"),
    ),
    "zones": (
        "wide",
        "{{ range $i, $_ := until 19000 }}"
        '{{ $_ := dateInZone "2006" 0 (printf "Etc/GMT+%d" $i) }}{{ end }}' + _THEN_FAIL,
    ),
    "date-layouts": ("wide", _loop('{{ $_ := dateInZone (repeat 2000 "Monday") 0 "UTC" }}')),
    "urls": ("wide", _loop('{{ $_ := urlParse (print "http://" (repeat 200000 "a")) }}')),
    "url-ports": ("wide", '{{ urlParse (print "//" (repeat 200000 ":")) }}' + _THEN_FAIL),
    "cleaned-paths": ("wide", _loop('{{ $_ := clean (repeat 100000 "../a/") }}')),
    "derivations-of-two": (
        "wide",
        '{{ derivePassword 1 "long" "p" "u" "s" }}' * 3,
    ),
    "variables": (
        "wide",
        "".join(f"{{{{ $v{n} := 1 }}}}" for n in range(5_000))
        + "{{ $v1 }}" * 4_000
        + "{{ if $v0 }}{{ end }}" * 500
        + _THEN_FAIL,
    ),
    "calls-with-many-arguments": ("wide", "{{ list " + "1 " * 24_000 + "}}"),
    "escapes-in-a-literal": ("wide", '{{ $x := "' + "\\n" * 125_000 + '" }}' + _THEN_FAIL),
    "literal-too-long": ("wide", '{{ len (lower "' + "x" * 300_000 + '") }}'),
    "raw-literal": ("wide", "{{ len (lower `" + "é" * 300_000 + "`) }}"),
    "semver-separators": ("wide", '{{ semverCompare "' + "1, " * 24 + '!" "1.2.3" }}'),
    "semver-separators-narrow": ("narrow", '{{ semverCompare "' + "1 , " * 100 + 'X!" "1.2.3" }}'),
    "semver-ranges": ("wide", _loop('{{ $_ := semverCompare "' + "1-1" * 160 + '" "1.2.3" }}', 40)),
    "semver-dots": ("wide", '{{ semver "' + "1." * 240 + '" }}'),
    "regex-lazy-classes": (
        "wide",
        '{{ regexReplaceAll "(?i)([a-z]|[k-z]|\\p{L})*?x" (repeat 60000 "K") "$1" }}' * 3,
    ),
    "regex-of-classes": (
        "wide",
        "{{ regexFindAll `" + "[\\p{L}\\p{N}]" * 60 + "` (repeat 3000 `é`) -1 }}",
    ),
    "regex-classes-narrow": (
        "narrow",
        "{{ regexFindAll `(\\pL|\\pN|\\pS)*x` (repeat 9000 `é`) -1 }}",
    ),
    "regex-compiled-often": (
        "wide",
        "{{ range $i, $_ := until 40 }}"
        "{{ $_ := regexMatch (printf `(\\p{L}{300}|%d)` $i) `a` }}{{ end }}" + _THEN_FAIL,
    ),
    "regex-split-into-many": ("wide", '{{ regexSplit "" (repeat 60000 "a") -1 }}'),
    "regex-empty-alternatives": (
        "wide",
        "{{ regexFindAll `(|a|)*(|b|)*` (repeat 60000 `ab`) -1 }}",
    ),
    "indent-chain": ("wide", '{{ "a" ' + "| nindent 9999" * 40 + " }}"),
    "replace-chain": ("wide", '{{ "a" ' + '| replace "a" "aa"' * 40 + " }}"),
    "error-of-long-names": ("wide", "{{ ." + "a" * 200_000 + " }}"),
    # --- sources ---
    "source-too-long": ("narrow", "x" * 5000),
    "source-too-long-wide": ("wide", "x" * 1_100_000),
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

_JINJA_THEN_FAIL = "{{ range(1000000000) }}"

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
    # --- one call that no clock sees ---
    **{
        f"{name}-{profile}": (
            profile,
            "{% set a = 'ab' * " + ("100000" if profile == "wide" else "30000") + " %}"
            "{% set b = 'ba' * " + ("50000" if profile == "wide" else "15000") + " ~ 'a' %}"
            "{{ " + call + " }}" + _JINJA_THEN_FAIL,
        )
        for profile in ("narrow", "wide")
        for name, call in {
            "strip": "a.strip(b)",
            "lstrip": "a.lstrip(b)",
            "rstrip": "a.rstrip(b)",
            "rfind": "a.rfind(b ~ 'x')",
            "rindex": "a.rindex(b ~ 'x')",
            "rsplit": "a.rsplit(b ~ 'x')",
            "rsplit-by-keyword": "a.rsplit(sep=b ~ 'x')",
            "rpartition": "a.rpartition(b ~ 'x')",
            "trim": "a | trim(b)",
            "trim-by-keyword": "a | trim(chars=b)",
            "replace-by-keyword": "a | replace(old='a', new=b)",
            "replace-by-mixed": "a | replace('', new=b)",
            "split-by-keyword": "a.split(sep='a')",
            "join-by-keyword": "[a, a, a] | join(d=b)",
            "join-of-references": "[a, a, a, a, a, a] * 90",
            "text-of-references": "[a, b] * 900",
            "concatenated-lists": "[a] ~ [a] ~ [a] ~ [a] ~ [a] ~ [a]",
            "repeated-lists": "[[1] * 900] * 900",
            "repeated-repeated-lists": "[[[1] * 90] * 90] * 90",
            "indent-by-keyword": "('x\n' * 9999) | indent(width=99999)",
            "center-by-keyword": "'x' | center(width=999999)",
            "batch-by-keyword": "[1] | batch(linecount=99999, fill_with='x') | list",
            "slice-by-keyword": "[1] | slice(slices=99999) | list",
            "tojson-by-keyword": "[[[[1]]]] | tojson(indent=9999)",
            "round-by-keyword": "1.5 | round(precision=99999, method='ceil')",
            "round-up": "7 | round(99999, 'floor')",
            "round-down": "7 | round(-99999)",
            "items-of-text": "a | list",
            "characters-sorted": "a | sort | join",
            "characters-unique": "a | unique | list",
            "characters-mapped": "a | map('upper') | join",
            "grouped-by-text": "(range(900) | list) | groupby(b)",
            "grouped-with-default": "(range(900) | list) | groupby('x', default=a)",
            "sorted-by-text": "(range(900) | list) | sort(attribute=b)",
            "mapped-by-text": "(range(900) | list) | map(attribute=b) | list",
            "selected-by-text": "(range(900) | list) | selectattr(b) | list",
            "found-in-text": "(['x' ~ b] * 9) | select('in', a) | list",
            "format-of-one-key": "('%(a)s' * 9999) | format(a=a)",
            "format-of-nested-key": "'%((a))9999d' | format(**{'(a)': 1})",
            "format-of-long-key": "('%(' ~ 'k' * 999 ~ ')9999d') | format(a=1)",
            "format-of-widths": "('%999d' * 9999) | format(a=1)",
            "format-of-lists": "'%s%r%a' | format([a], [a], [a])",
            "xml-attributes": "{'a': '<' * 60000, 'b': '&' * 60000} | xmlattr",
            "url-encoded": "('é' * 60000) | urlencode",
            "escaped": "('&' * 60000) | escape | forceescape | forceescape",
            "title": "('a b' * 20000) | title",
            "words": "('a b ' * 15000) | wordcount",
            "truncated": "a | truncate(99999, end=b)",
            "float-of-digits": "('9' * 60000) | float",
            "int-of-digits": "('9' * 60000) | int",
            "int-of-hexadecimals": "('f' * 60000) | int(base=16)",
            "int-of-thirds": "('1' * 60000) | int(base=3)",
            "sum-of-lists": "([[1]] * 4000) | sum(start=[])",
            "digits-in-a-list": "[9 ** 1200] * 9999",
            "long-name": "a[b]",
            "long-attribute": "a | attr(b)",
            "attributes-in-each-other": "([{}] * 9999) | map(attribute='a.' * 90) | list",
            "attributes-beside": "([{'a': 1}] * 9999) | sort(attribute='a,' * 90)",
            "dict-of-references": "dict(a=a, b=b, c=a, d=b, e=a, f=b, g=a, h=b, i=a, j=b, k=a)",
        }.items()
    },
    "formatted-with-long-keys": (
        "wide",
        "{{ ('%(' ~ '(' * 9999 ~ ')' * 9999 ~ ')s') | format(a=1) }}" + _JINJA_THEN_FAIL,
    ),
    "namespaces-in-namespaces": (
        "wide",
        "{% set n = namespace(a=1) %}" + "{% set n = namespace(a=n, b=n) %}" * 60 + "{{ n ~ '' }}",
    ),
    "namespace-in-itself": (
        "wide",
        "{% set n = namespace(a=1) %}{% set n.n = n %}{{ [n] | string }}",
    ),
    "namespaces-in-lists": (
        "wide",
        "{% set n = [1] %}" + "{% set n = [namespace(a=n, b=n)] %}" * 60 + "{{ n | length }}",
    ),
    "slices": (
        "wide",
        "{% set s = 'é' * 200000 %}"
        + "".join(f"{{% set s{n} = s[1:] %}}" for n in range(400))
        + _JINJA_THEN_FAIL,
    ),
    "slices-of-lists": (
        "wide",
        "{% set s = range(19000) | list %}"
        + "".join(f"{{% set s{n} = s[::-1] %}}" for n in range(400))
        + _JINJA_THEN_FAIL,
    ),
    "comparisons": (
        "wide",
        "{% set x = [[1] * 90] * 90 %}{% set y = [[1] * 90] * 90 %}"
        "{{ " + "x == y and " * 1_400 + "true }}" + _JINJA_THEN_FAIL,
    ),
    "membership": (
        "wide",
        "{% set x = range(19000) | list %}{{ "
        + "-1 in x or " * 1_400
        + "true }}"
        + _JINJA_THEN_FAIL,
    ),
    "membership-by-test": (
        "wide",
        "{% set x = range(19000) | list %}{{ x | reject('in', x[1:]) | list }}" + _JINJA_THEN_FAIL,
    ),
    "membership-in-text": (
        "wide",
        "{% set x = 'ab' * 60000 %}"
        "{{ range(19000) | map('string') | select('in', x) | list }}" + _JINJA_THEN_FAIL,
    ),
    "pretty-depth": (
        "wide",
        "{% set n = namespace(x=range(9000) | list) %}{% for i in range(90) %}"
        "{% set n.x = [n.x] %}{% endfor %}{{ n.x | tojson(indent=16) }}",
    ),
    "sorted-often": (
        "wide",
        "{% set x = range(19000) | list %}"
        "{% for i in range(9999) %}{% set y = x | sort | unique | list %}{% endfor %}",
    ),
    "joined-often": (
        "wide",
        "{% set x = ['a'] * 19000 %}"
        "{% for i in range(9999) %}{% set y = x | join(',') %}{% endfor %}",
    ),
    "upper-often": (
        "wide",
        "{% set x = 'ΐ' * 80000 %}{% for i in range(9999) %}{% set y = x.upper() %}{% endfor %}",
    ),
    "loop-changed": (
        "wide",
        "{% set x = [[1] * 90] * 90 %}"
        "{% for i in range(9999) %}{{ loop.changed(x[:]) }}{% endfor %}",
    ),
    "cycled": (
        "wide",
        "{% for i in range(19999) %}{{ loop.cycle(*range(9999)) }}{% endfor %}",
    ),
    "braces-in-raw-text": (
        "wide",
        "{% raw %}" + "{{" * 100_000 + "{% endraw %}{{ 1 }}" + _JINJA_THEN_FAIL,
    ),
    "braces-in-a-comment": ("wide", "{# " + "{%" * 100_000 + "#}{{ 1 }}" + _JINJA_THEN_FAIL),
    "pieces-sought-in-tags": (
        "wide",
        "{% if 0 %}{{ 'x' }}{% endif %}" * 600
        + "{% for i in range(19999) %}{{ 'x' }}{% endfor %}"
        + _JINJA_THEN_FAIL,
    ),
    "words-of-a-message": (
        "wide",
        "{# '" + "a " * 30_000 + "' #}{{ {}['" + "a " * 20_000 + "b'] + 1 }}",
    ),
    "long-undefined-name": ("wide", "{{ " + "a" * 100_000 + " ~ '" + "a" * 100_000 + "' }}"),
    "many-macros": (
        "wide",
        "".join(f"{{% macro m{n}() %}}x{{% endmacro %}}" for n in range(700)) + _JINJA_THEN_FAIL,
    ),
    "many-names": (
        "wide",
        "".join(f"{{% set v{n} = 1 %}}" for n in range(1_200)) + _JINJA_THEN_FAIL,
    ),
    "markup-that-grows": (
        "wide",
        "{% set x = '&' | escape %}" + "{% set x = x ~ ('&' * 9999) %}" * 40 + _JINJA_THEN_FAIL,
    ),
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
