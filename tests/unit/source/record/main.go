// record reads {"yaml": text} per line and prints the line with what sigs.k8s.io/yaml makes of the text:
// {"yaml", "json"} or {"yaml", "error"}. Usage: go run . < ../go-yaml.jsonl > new && mv new ../go-yaml.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	"sigs.k8s.io/yaml"
)

type line struct {
	YAML  string  `json:"yaml"`
	JSON  *string `json:"json,omitempty"`
	Error string  `json:"error,omitempty"`
}

func main() {
	log.SetFlags(0)
	in := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var question line
		if err := json.Unmarshal(in.Bytes(), &question); err != nil {
			log.Fatal(err)
		}
		answer := line{YAML: question.YAML}
		if text, err := yaml.YAMLToJSON([]byte(question.YAML)); err != nil {
			answer.Error = err.Error()
		} else {
			shown := string(text)
			answer.JSON = &shown
		}
		if err := out.Encode(answer); err != nil {
			log.Fatal(err)
		}
	}
}
