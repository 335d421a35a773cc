// Lists the flags that a Go program registers, by its source.
//
//	go run reading.go FOLDER...
//
// Each folder holds one program's own packages. Prints a JSON object: the package that parses the
// words, the flags, and the values that the program compares its options with. Ends with an error
// where a registered name is not to be found out: rather no table than one that lacks a row.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Flag is one that the program registers.
type Flag struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Letter     string `json:"letter,omitempty"`
	Deprecated string `json:"deprecated,omitempty"`
	Refused    bool   `json:"refused,omitempty"`
	Source     string `json:"source"`
}

// Program is what its source says of its command line.
type Program struct {
	Parser string              `json:"parser"`
	Flags  map[string]*Flag    `json:"flags"`
	Values map[string][]string `json:"values"`
}

type reader struct {
	root       string
	set        *token.FileSet
	constants  map[string]string
	program    Program
	current    string // the package that is looked at
	klog       bool
	zap        bool
	kubernetes bool // imports what registers --kubeconfig among the flags of package flag
	standard   bool // has pflag take over the flags of package flag
}

var (
	registering = regexp.MustCompile(
		`^(Bool|Count|Duration|Float32|Float64|Func|BoolFunc|Int|Int32|Int64|IntSlice|String|StringArray|StringSlice|Text|Uint|Uint64)?(Var)?(P)?$`)
	receivers = map[string]bool{"flag": true, "pflag": true, "fs": true, "flagSet": true, "CommandLine": true}
	// What the logging libraries register, as their releases of the last years do.
	zapFlags = map[string]string{"zap-devel": "switch", "zap-encoder": "value", "zap-log-level": "value",
		"zap-stacktrace-level": "value", "zap-time-encoding": "value"}
	klogFlags = map[string]string{"add_dir_header": "switch", "alsologtostderr": "switch", "log_backtrace_at": "value",
		"log_dir": "value", "log_file": "value", "log_file_max_size": "value", "logtostderr": "switch",
		"one_output": "switch", "skip_headers": "switch", "skip_log_headers": "switch", "stderrthreshold": "value",
		"v": "value", "vmodule": "value"}
	controllerRuntime = map[string]bool{"sigs.k8s.io/controller-runtime": true,
		"sigs.k8s.io/controller-runtime/pkg/client/config": true}
)

func main() {
	read := &reader{set: token.NewFileSet(), constants: map[string]string{},
		program: Program{Parser: "flag", Flags: map[string]*Flag{}, Values: map[string][]string{}}}
	var files []*ast.File
	for _, folder := range os.Args[1:] {
		found, err := read.files(folder)
		if err != nil {
			fail(err)
		}
		files = append(files, found...)
	}
	for range 2 { // constants may be made of later ones
		for _, file := range files {
			read.gather(file)
		}
	}
	for _, file := range files {
		if err := read.file(file); err != nil {
			fail(err)
		}
	}
	read.libraries()
	output := json.NewEncoder(os.Stdout)
	output.SetIndent("", " ")
	if err := output.Encode(read.program); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (r *reader) files(folder string) ([]*ast.File, error) {
	var result []*ast.File
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(r.set, path, nil, parser.SkipObjectResolution)
		result = append(result, file)
		return err
	})
	return result, err
}

// gather notes a file's imports and the texts of its constants.
func (r *reader) gather(file *ast.File) {
	r.current = file.Name.Name
	for _, imported := range file.Imports {
		path, _ := strconv.Unquote(imported.Path.Value)
		r.kubernetes = r.kubernetes || controllerRuntime[path]
		if path == "github.com/spf13/pflag" {
			r.program.Parser = "pflag"
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for number, name := range spec.Names {
			if number < len(spec.Values) {
				if text, ok := r.text(spec.Values[number]); ok {
					r.constants[r.current+"."+name.Name] = text
				}
			}
		}
		return true
	})
}

func (r *reader) file(file *ast.File) error {
	var failure error
	r.current = file.Name.Name
	ast.Inspect(file, func(node ast.Node) bool {
		switch found := node.(type) {
		case *ast.CallExpr:
			if err := r.call(found); err != nil && failure == nil {
				failure = fmt.Errorf("%s: %w", r.set.Position(found.Pos()), err)
			}
		case *ast.ValueSpec:
			for number, name := range found.Names {
				if number < len(found.Values) {
					r.list(name.Name, found.Values[number])
				}
			}
		case *ast.AssignStmt:
			if name, ok := found.Lhs[0].(*ast.Ident); ok && len(found.Rhs) == 1 {
				r.list(name.Name, found.Rhs[0])
			}
		case *ast.BinaryExpr:
			r.comparison(found)
		}
		return true
	})
	return failure
}

// text is what a constant expression says, as far as it is made of literals and known constants.
func (r *reader) text(expression ast.Expr) (string, bool) {
	switch found := expression.(type) {
	case *ast.BasicLit:
		if found.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(found.Value)
		return text, err == nil
	case *ast.Ident:
		text, ok := r.constants[r.current+"."+found.Name]
		return text, ok
	case *ast.SelectorExpr:
		if holder, ok := found.X.(*ast.Ident); ok {
			text, ok := r.constants[holder.Name+"."+found.Sel.Name]
			return text, ok
		}
	case *ast.BinaryExpr:
		left, first := r.text(found.X)
		right, second := r.text(found.Y)
		return left + right, first && second && found.Op == token.ADD
	}
	return "", false
}

func (r *reader) call(call *ast.CallExpr) error {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	receiver, _ := method.X.(*ast.Ident)
	if inner, ok := method.X.(*ast.SelectorExpr); ok {
		receiver = inner.Sel
	}
	name := method.Sel.Name
	switch {
	case receiver == nil:
	case receiver.Name == "klog" && name == "InitFlags":
		r.klog = true
	case name == "BindFlags":
		r.zap = true
	case name == "AddGoFlagSet" && len(call.Args) == 1:
		argument, ok := call.Args[0].(*ast.SelectorExpr)
		r.standard = r.standard || (ok && argument.Sel.Name == "CommandLine")
	case !receivers[receiver.Name]:
	case name == "MarkDeprecated" && len(call.Args) == 2:
		flag, known := r.text(call.Args[0])
		advice, said := r.text(call.Args[1])
		if !known || !said || r.program.Flags[flag] == nil {
			return fmt.Errorf("MarkDeprecated of what is not known")
		}
		r.program.Flags[flag].Deprecated = advice
	case name != "" && registering.MatchString(name):
		return r.register(call, registering.FindStringSubmatch(name))
	}
	return nil
}

func (r *reader) register(call *ast.CallExpr, parts []string) error {
	kind, variable, letters := parts[1], parts[2] != "", parts[3] != ""
	at := 0
	if variable {
		at = 1
	}
	if len(call.Args) < at+2 {
		return nil // a reader of the flag's value
	}
	name, ok := r.text(call.Args[at])
	if !ok {
		return fmt.Errorf("the name of a flag is no text")
	}
	flag := &Flag{Name: name, Kind: "value", Source: r.place(call)}
	if kind == "Bool" || kind == "BoolFunc" || kind == "Count" {
		flag.Kind = "switch"
	}
	if letters {
		flag.Letter, _ = r.text(call.Args[at+1])
	}
	r.program.Flags[name] = flag
	return nil
}

// list notes the lists of values that options are held against, and the flags that are refused
// although they are registered.
func (r *reader) list(name string, value ast.Expr) {
	literal, ok := value.(*ast.CompositeLit)
	if !ok {
		return
	}
	if _, ok := literal.Type.(*ast.ArrayType); !ok {
		if _, ok := literal.Type.(*ast.MapType); !ok {
			return
		}
	}
	var texts []string
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			element = pair.Key
		}
		if text, ok := r.text(element); ok {
			texts = append(texts, text)
		}
	}
	switch {
	case name == "deprecatedMetricFlags":
		for _, text := range texts {
			if flag := r.program.Flags[text]; flag != nil {
				flag.Refused = true
			}
		}
	case name == "supportedConnectors":
		r.program.Values["connector"] = texts
	case name == "supportedKVConnectors":
		r.program.Values["kv-connector"] = texts
		r.program.Values["connector"] = texts
	case name == "supportedECConnectors":
		r.program.Values["ec-connector"] = texts
	case name == "supportedTLSStages":
		r.program.Values["enable-tls"] = texts
		r.program.Values["tls-insecure-skip-verify"] = texts
	}
}

// comparison notes what the oldest routing sidecars compare their connector with.
func (r *reader) comparison(found *ast.BinaryExpr) {
	left := found.X
	if pointer, ok := left.(*ast.StarExpr); ok {
		left = pointer.X
	}
	name, ok := left.(*ast.Ident)
	if !ok || name.Name != "connector" || found.Op != token.NEQ {
		return
	}
	if text, ok := r.text(found.Y); ok {
		r.program.Values["connector"] = append(r.program.Values["connector"], text)
	}
}

func (r *reader) libraries() {
	add := func(name, kind, source string) {
		if r.program.Flags[name] == nil {
			r.program.Flags[name] = &Flag{Name: name, Kind: kind, Source: source}
		}
	}
	if r.zap {
		for name, kind := range zapFlags {
			add(name, kind, "sigs.k8s.io/controller-runtime/pkg/log/zap")
		}
	}
	if r.klog {
		for name, kind := range klogFlags {
			add(name, kind, "k8s.io/klog/v2")
		}
	}
	if r.kubernetes && (r.program.Parser == "flag" || r.standard) {
		add("kubeconfig", "value", "sigs.k8s.io/controller-runtime/pkg/client/config")
	}
	for flag, values := range r.program.Values {
		if r.program.Flags[flag] == nil {
			delete(r.program.Values, flag)
		}
		sort.Strings(values)
	}
}

// place is the file of a call, from the folder that holds the program's repository.
func (r *reader) place(call *ast.CallExpr) string {
	path := filepath.ToSlash(r.set.Position(call.Pos()).Filename)
	for _, top := range []string{"/cmd/", "/pkg/", "/internal/"} {
		if at := strings.Index(path, top); at >= 0 {
			return path[at+1:]
		}
	}
	return path
}
