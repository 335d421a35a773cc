// Oracle renders templates with the real engine: text/template, sprig's TxtFuncMap and getPort.
//
// It reads JSON objects, one a line, with template, data, data_kind (struct or map) and missingkey,
// and prints for each {"out": text} or {"err": message}, in the order of the input.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"msvc.test/oracle/controller"
)

type row struct {
	Template   string          `json:"template"`
	Data       json.RawMessage `json:"data"`
	DataKind   string          `json:"data_kind"`
	MissingKey string          `json:"missingkey"`
}

var ports = map[string]int32{"app_port": 8000, "internal_port": 8200, "inport": 80, "outport": 9376}

func getPort(name string) int32 {
	if port, ok := ports[name]; ok {
		return port
	}
	return -1
}

// numbers turns JSON numbers into int where they are written as integers, else into float64.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			if n, err := v.Int64(); err == nil {
				return int(n)
			}
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return value
}

func data(r row) (any, error) {
	if r.DataKind == "struct" {
		vars := &controller.TemplateVars{}
		return vars, json.Unmarshal(r.Data, vars)
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return numbers(value), err
}

func render(r row) (out string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	value, err := data(r)
	if err != nil {
		return "", err
	}
	tmpl := template.New("template").Funcs(sprig.TxtFuncMap()).Funcs(template.FuncMap{"getPort": getPort})
	if r.MissingKey != "" {
		tmpl = tmpl.Option("missingkey=" + r.MissingKey)
	}
	tmpl, err = tmpl.Parse(r.Template)
	if err != nil {
		return "", err
	}
	var buffer bytes.Buffer
	err = tmpl.Execute(&buffer, value)
	return buffer.String(), err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	encoder := json.NewEncoder(output)
	encoder.SetEscapeHTML(false)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		answer := map[string]string{}
		if out, err := render(r); err != nil {
			answer["err"] = err.Error()
		} else {
			answer["out"] = out
		}
		if err := encoder.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
