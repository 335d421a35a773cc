// Pulumi's generators of SDKs, without the language hosts that `pulumi package gen-sdk` asks for them: reads a
// package's schema from standard input and writes its SDK for a language (nodejs, python, go) into a folder.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "msvc-pulumi"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: pulumi-sdk-generator nodejs|python|go FOLDER < SCHEMA")
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func write(language, folder string) error {
	var spec schema.PackageSpec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return err
	}
	loader := alone{}
	bound, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	files, err := generate(language, bound, loader)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func generate(language string, bound *schema.Package, loader schema.ReferenceLoader) (map[string][]byte, error) {
	switch language {
	case "nodejs":
		return nodejs.GeneratePackage(tool, bound, nil, nil, true, loader)
	case "python":
		return python.GeneratePackage(tool, bound, nil, loader)
	case "go":
		return gen.GeneratePackage(tool, bound, nil)
	}
	return nil, fmt.Errorf("no generator for %q here", language)
}

// alone knows no other package: a schema that refers to one is refused.
type alone struct{}

func (alone) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	return nil, other(name)
}

func (alone) LoadPackageV2(_ context.Context, it *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, other(it.Name)
}

func (alone) LoadPackageReference(name string, _ *semver.Version) (schema.PackageReference, error) {
	return nil, other(name)
}

func (alone) LoadPackageReferenceV2(_ context.Context, it *schema.PackageDescriptor) (schema.PackageReference, error) {
	return nil, other(it.Name)
}

func other(name string) error {
	return fmt.Errorf("the schema refers to another package, %s", name)
}
