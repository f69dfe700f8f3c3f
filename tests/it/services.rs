//! What small repositories are taken for: each case is a mistake once made on a real one, made small.

use crate::cli::{put, services, tree, words};

struct Case {
    what: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Root, role, deploy targets, mechanisms of FFI.
    expected: &'static [(&'static str, &'static str, &'static [&'static str], &'static [&'static str])],
}

const MAIN_GO: &str = "package main\n\nfunc main() {}\n";
const SERVER_GO: &str = "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":80\", nil) }\n";
const SERVER_RS: &str = "fn main() { axum::Router::new(); }\n";

const CASES: &[Case] = &[
    Case {
        what: "a workflow builds at the root, not the generator that lies beside it",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/gate/main.go", SERVER_GO),
            (".github/workflows/generate.go", MAIN_GO),
            (
                ".github/workflows/build.yml",
                "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: go build -o gate\n",
            ),
            ("packaging/gate.service", "[Service]\nExecStart=/usr/bin/gate serve\n"),
        ],
        expected: &[(".github/workflows", "tool", &[], &[]), ("cmd/gate", "service", &["systemd"], &[])],
    },
    Case {
        what: "of a repository that ships one program the other ones are for its developers; where nothing is shipped, they are for people",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/gate/main.go", SERVER_GO),
            ("cmd/symbols/main.go", MAIN_GO),
            (
                "Dockerfile",
                "FROM golang AS b\nRUN go build -o /gate ./cmd/gate\nFROM scratch\nCOPY --from=b /gate /gate\nENTRYPOINT [\"/gate\"]\n",
            ),
        ],
        expected: &[("cmd/gate", "service", &["docker"], &[]), ("cmd/symbols", "tool", &[], &[])],
    },
    Case {
        what: "programs that are installed from their source are for people",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/symbols/main.go", MAIN_GO),
            ("cmd/names/main.go", MAIN_GO),
        ],
        expected: &[("cmd/names", "cli", &[], &[]), ("cmd/symbols", "cli", &[], &[])],
    },
    Case {
        what: "a program without a system beneath it, for a chip that only the toolchain names, is firmware",
        files: &[
            ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.90\"\ntargets = [\"thumbv7em-none-eabihf\"]\n"),
            ("Cargo.toml", "[workspace]\nmembers = [\"task/blink\", \"packer\"]\n"),
            ("task/blink/Cargo.toml", "[package]\nname = \"task-blink\"\n"),
            (
                "task/blink/src/main.rs",
                "#![no_std]\n#![no_main]\n\n#[unsafe(export_name = \"main\")]\nfn main() -> ! {\n    loop {}\n}\n",
            ),
            ("packer/Cargo.toml", "[package]\nname = \"packer\"\n[dependencies]\nclap = \"4\"\n"),
            ("packer/src/main.rs", "use clap::Parser;\n\nfn main() {}\n"),
        ],
        expected: &[("packer", "cli", &[], &[]), ("task/blink", "firmware", &["embedded"], &[])],
    },
    Case {
        what: "a container that is started first and stays is no job, one that ends is",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/gate/main.go", MAIN_GO),
            ("cmd/prepare/main.go", MAIN_GO),
            (
                "deploy.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec:\n  template:\n    spec:\n      initContainers:\n        - {name: a, image: r.io/o/gate, restartPolicy: Always}\n        - {name: b, image: r.io/o/prepare}\n      containers:\n        - {name: app, image: r.io/other/app}\n",
            ),
        ],
        expected: &[("cmd/gate", "service", &["kubernetes"], &[]), ("cmd/prepare", "job", &["kubernetes"], &[])],
    },
    Case {
        what: "an image that bears the name of the whole runs what it starts, not the tool beside it that is called so",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"server\", \"cli\"]\n"),
            ("server/Cargo.toml", "[package]\nname = \"bog-server\"\n[dependencies]\naxum = \"1\"\n"),
            ("server/src/main.rs", SERVER_RS),
            (
                "cli/Cargo.toml",
                "[package]\nname = \"bog-cli\"\n[[bin]]\nname = \"bog\"\npath = \"src/main.rs\"\n[dependencies]\nclap = \"4\"\n",
            ),
            ("cli/src/main.rs", "use clap::Parser;\n\nfn main() {}\n"),
            (
                "Dockerfile",
                "FROM rust AS b\nRUN cargo build --release --bin bog --bin bog-server\nFROM scratch\nCOPY --from=b /b/target/release/bog /bin/bog\nCOPY --from=b /b/target/release/bog-server /bin/bog-server\nENTRYPOINT [\"/bin/bog-server\"]\n",
            ),
            ("chart/Chart.yaml", "name: bog\nversion: 1.0.0\n"),
            ("chart/values.yaml", "image: {repository: org/bog, tag: \"1\"}\n"),
            (
                "chart/templates/d.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  template:\n    spec:\n      containers:\n        - name: c\n          image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n",
            ),
        ],
        expected: &[("cli", "cli", &["docker"], &[]), ("server", "service", &["helm"], &[])],
    },
    Case {
        what: "modules that are called like their folder and more are known by the folder; words of a command go on over lines",
        files: &[
            ("go.mod", "module example.com/certs\n"),
            ("cmd/injector/go.mod", "module example.com/certs/injector-binary\n"),
            ("cmd/injector/main.go", MAIN_GO),
            ("cmd/certs/main.go", SERVER_GO),
            (".github/workflows/split.go", MAIN_GO),
            (
                ".github/workflows/release.yml",
                "on: {push: {tags: ['v*']}}\njobs:\n  a:\n    steps:\n      - run: env CGO_ENABLED=0 go build -o \"certs\"\n          ./cmd/certs\n      - run: gh release upload v1 certs\n",
            ),
            ("certs.service", "[Service]\nExecStart=/usr/bin/certs serve\n"),
            ("chart/Chart.yaml", "name: certs\n"),
            ("chart/values.yaml", "injector: {image: {repository: \"\", name: certs-injector}}\n"),
            (
                "chart/templates/d.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  template:\n    spec:\n      containers:\n        - name: c\n          image: \"{{ template \"image\" (tuple .Values.injector.image .Values.registry) }}\"\n",
            ),
        ],
        expected: &[
            (".github/workflows", "tool", &[], &[]),
            ("cmd/certs", "service", &["binary-release", "systemd"], &[]),
            ("cmd/injector", "service", &["helm"], &[]),
        ],
    },
    Case {
        what: "stages of tests and plugins that stand in for others ship nothing",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"server\", \"plugins/x-example-plugin\"]\n"),
            ("server/Cargo.toml", "[package]\nname = \"door\"\n[dependencies]\naxum = \"1\"\n"),
            ("server/src/main.rs", SERVER_RS),
            ("server/docker-compose.test.yml", "services:\n  door: {build: .}\n"),
            ("bdd/docker-compose.yml", "services:\n  door: {image: door}\n"),
            ("integration/compose.yml", "services:\n  door: {image: door}\n"),
            (
                "plugins/x-example-plugin/Cargo.toml",
                "[package]\nname = \"x-example-plugin\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
            ),
            ("plugins/x-example-plugin/src/lib.rs", ""),
        ],
        expected: &[("plugins/x-example-plugin", "tool", &[], &[]), ("server", "service", &[], &[])],
    },
    Case {
        what: "a program that bears its package's name is what the package is for, a helper beside a library is not",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"keeper\", \"lib\"]\n"),
            ("keeper/Cargo.toml", "[package]\nname = \"keeper\"\n[dependencies]\naxum = \"1\"\n"),
            ("keeper/src/lib.rs", ""),
            ("keeper/src/bin/keeper.rs", SERVER_RS),
            ("lib/Cargo.toml", "[package]\nname = \"lib\"\n"),
            ("lib/src/lib.rs", ""),
            ("lib/src/bin/dump.rs", "fn main() {}\n"),
        ],
        expected: &[("keeper", "service", &[], &[]), ("lib", "tool", &[], &[])],
    },
    Case {
        what: "the end of an image's work folder is a folder of the repository",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("services/web/main.go", SERVER_GO),
            ("services/api/main.go", SERVER_GO),
            (
                "docker/web.Dockerfile",
                "FROM golang:1.24 AS b\nWORKDIR /app/services/web\nRUN go build -o /out/run main.go\nFROM scratch\nCOPY --from=b /out/run /run\nENTRYPOINT [\"/run\"]\n",
            ),
        ],
        expected: &[("services/api", "service", &[], &[]), ("services/web", "service", &["docker"], &[])],
    },
    Case {
        what: "one folder holds a crate and the Go package that binds it: each has its own facts",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/app/main.go", "package main\n\nimport \"example.com/x/binding\"\n\nfunc main() { binding.F() }\n"),
            ("binding/go.go", "package binding\n\n// int f(void);\nimport \"C\"\n\nfunc F() { C.f() }\n"),
            ("binding/Cargo.toml", "[package]\nname = \"binding\"\n[lib]\ncrate-type = [\"staticlib\"]\n"),
            ("binding/src/lib.rs", "#[unsafe(no_mangle)]\npub extern \"C\" fn f() -> i32 { 1 }\n"),
        ],
        expected: &[("binding", "library", &[], &["extern-c"]), ("cmd/app", "cli", &[], &["cgo"])],
    },
    Case {
        what: "a compose service runs what its image starts, not everything in it",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/node/main.go", SERVER_GO),
            ("cmd/nodecli/main.go", MAIN_GO),
            (
                "Dockerfile",
                "FROM golang:1.24 AS b\nRUN go build -o /out/node ./cmd/node && go build -o /out/nodecli ./cmd/nodecli\nFROM scratch\nCOPY --from=b /out/node /out/nodecli /bin/\nENTRYPOINT [\"node\"]\n",
            ),
            ("compose.yaml", "services:\n  node:\n    build: .\n    image: x/node\n  second:\n    image: x/node\n"),
        ],
        expected: &[("cmd/node", "service", &["compose"], &[]), ("cmd/nodecli", "cli", &["docker"], &[])],
    },
    Case {
        what: "tests that bring their own stage stay tests",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"integration-tests\"]\n"),
            (
                "integration-tests/Cargo.toml",
                "[package]\nname = \"integration-tests\"\n[dependencies]\nlambda_runtime = \"1\"\n",
            ),
            ("integration-tests/src/main.rs", "fn main() { lambda_runtime::run(f); }\n"),
            (
                "integration-tests/template.yaml",
                "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: .\n      Runtime: provided.al2\n",
            ),
        ],
        expected: &[("integration-tests", "tool", &[], &[])],
    },
    Case {
        what: "what handles termination keeps running, though nothing calls it",
        files: &[
            ("go.mod", "module example.com/x\n"),
            (
                "main.go",
                "package main\n\nimport (\n\t\"os\"\n\t\"os/signal\"\n)\n\nfunc main() {\n\tc := make(chan os.Signal, 1)\n\tsignal.Notify(c)\n\t<-c\n}\n",
            ),
            (
                "Dockerfile",
                "FROM golang:1.24 AS b\nRUN go build -o /x .\nFROM scratch\nCOPY --from=b /x /x\nENTRYPOINT [\"/x\"]\n",
            ),
        ],
        expected: &[(".", "service", &["docker"], &[])],
    },
    Case {
        what: "a command that an index of packages installs is a command, whatever it can serve",
        files: &[
            ("go.mod", "module example.com/pack\n"),
            ("cmd/pack/main.go", SERVER_GO),
            (
                "npm/package.json",
                "{\"name\": \"pack\", \"bin\": {\"pack\": \"bin/pack\"}, \"optionalDependencies\": {\"@pack/linux-x64\": \"1\", \"@pack/darwin-arm64\": \"1\", \"@pack/win32-x64\": \"1\"}}",
            ),
        ],
        expected: &[("cmd/pack", "cli", &["npm"], &[])],
    },
    Case {
        what: "a matrix that packs images releases nothing",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("api/main.go", SERVER_GO),
            ("api/Dockerfile", "FROM golang:1.24\nCOPY . .\nRUN go build -o /api .\nENTRYPOINT [\"/api\"]\n"),
            (
                ".github/workflows/build.yml",
                "on:\n  push:\n    tags: ['v*']\njobs:\n  images:\n    strategy:\n      matrix:\n        component: [{path: api}]\n    steps:\n      - uses: docker/setup-buildx-action@v3\n      - run: cd ${{ matrix.component.path }} && make\n      - uses: actions/upload-artifact@v4\n",
            ),
            (
                ".github/workflows/release.yml",
                "on: release\njobs:\n  publish:\n    steps:\n      - uses: actions/download-artifact@v4\n      - uses: softprops/action-gh-release@v2\n        with: {files: cli}\n",
            ),
        ],
        expected: &[("api", "service", &["docker"], &[])],
    },
    Case {
        what: "a bare word that another's image is given is a word of that image, a path is a program",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/migrate/main.go", MAIN_GO),
            ("cmd/seeder/main.go", MAIN_GO),
            (
                "deploy/all.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n        - {name: a, image: other/auth:v1, args: [migrate, sql]}\n        - {name: b, image: team/all:v1, command: [/bin/seeder]}\n",
            ),
        ],
        expected: &[("cmd/migrate", "tool", &[], &[]), ("cmd/seeder", "service", &["kubernetes"], &[])],
    },
    Case {
        what: "what a shell starts again and again does not keep running itself",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/askcli/main.go", "package main\n\nimport _ \"github.com/spf13/cobra\"\n\nfunc main() {}\n"),
            ("cmd/askcli/Dockerfile", "FROM scratch\nCOPY askcli /askcli\nENTRYPOINT [\"/askcli\"]\n"),
            (
                "deploy/all.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n        - name: askcli\n          image: team/askcli:v1\n          command: [/bin/sh]\n          args: [-c, while true; do askcli query; sleep 30; done]\n",
            ),
        ],
        expected: &[("cmd/askcli", "cli", &["kubernetes"], &[])],
    },
    Case {
        what: "examples of the repository's own library show how it is used: they are no product",
        files: &[
            ("go.mod", "module example.com/sdk\n"),
            ("filter/filter.go", "package filter\n\nfunc Set() {}\n"),
            (
                "examples/hello/main.go",
                "package main\n\nimport \"example.com/sdk/filter\"\n\nfunc main() { filter.Set() }\n",
            ),
            (
                "examples/bye/main.go",
                "package main\n\nimport \"example.com/sdk/filter\"\n\nfunc main() { filter.Set() }\n",
            ),
        ],
        expected: &[("examples/bye", "tool", &[], &[]), ("examples/hello", "tool", &[], &[])],
    },
    Case {
        what: "a unit that systemd runs once is a job",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/ready/main.go", SERVER_GO),
            ("files/ready.service", "[Service]\nType=oneshot\nExecStart=/usr/bin/ready\n"),
        ],
        expected: &[("cmd/ready", "job", &["systemd"], &[])],
    },
    Case {
        what: "an image is called after its project and its program, or after its chart, or without the word for a server",
        files: &[
            ("go.mod", "module example.com/shop\n"),
            ("cmd/cart/main.go", SERVER_GO),
            ("cmd/acme-till-driver/main.go", SERVER_GO),
            ("cmd/limiter-server/main.go", SERVER_GO),
            ("cmd/limiter-server/Dockerfile", "FROM golang:1.24\nRUN go build -o /l .\nENTRYPOINT [\"/l\"]\n"),
            ("cmd/acme-till-driver/Dockerfile", "FROM golang:1.24\nRUN go build -o /t .\nENTRYPOINT [\"/t\"]\n"),
            (
                "k8s.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n        - {name: a, image: r.io/x/shop-cart:v1}\n        - {name: b, image: r.io/x/limiter:v1}\n        - {name: c, image: r.io/x/cart-helper:v1}\n",
            ),
            ("chart/Chart.yaml", "name: till-driver\nversion: 1.0.0\n"),
            ("chart/values.yaml", "image: {repository: r.io/x}\n"),
            (
                "chart/templates/d.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      containers:\n        - name: main\n          image: {{ printf \"%s/%s:%s\" .Values.image.repository .Chart.Name .Chart.AppVersion }}\n",
            ),
        ],
        expected: &[
            ("cmd/acme-till-driver", "service", &["helm"], &[]),
            ("cmd/cart", "service", &["kubernetes"], &[]),
            ("cmd/limiter-server", "service", &["kubernetes"], &[]),
        ],
    },
    Case {
        what: "of two programs of one name, an image starts the one that it builds",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("api/cmd/db_cli/main.go", MAIN_GO),
            ("database/cmd/main.go", MAIN_GO),
            (
                "docker/db_cli.Dockerfile",
                "FROM golang:1.24 AS b\nRUN cd /src/database/cmd && go build -v -p 4 -o /bin/db_cli\nFROM scratch\nCOPY --from=b /bin/db_cli /bin/\nENTRYPOINT [\"db_cli\"]\n",
            ),
        ],
        expected: &[("api/cmd/db_cli", "cli", &[], &[]), ("database/cmd", "job", &["docker"], &[])],
    },
    Case {
        what: "what a job packs, or hands on by name, to the one that releases is released",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/boat/main.go", MAIN_GO),
            ("contrib/anchor/cmd/main.go", MAIN_GO),
            ("cmd/other/main.go", MAIN_GO),
            (
                ".github/workflows/release.yml",
                "on: {push: {tags: ['v*']}}\njobs:\n  build:\n    steps:\n      - run: ./scripts/make-it\n      - run: tar -zcvf boat-x.tar.gz boat README.md\n      - uses: actions/upload-artifact@v4\n        with:\n          path: |\n            boat-x.tar.gz\n            anchor\n  release:\n    steps:\n      - uses: actions/download-artifact@v4\n      - uses: softprops/action-gh-release@v2\n        with: {files: '*'}\n",
            ),
        ],
        expected: &[
            ("cmd/boat", "cli", &["binary-release"], &[]),
            ("cmd/other", "tool", &[], &[]),
            ("contrib/anchor/cmd", "cli", &["binary-release"], &[]),
        ],
    },
    Case {
        what: "a placeholder of an operator's image, and a program in an image that another is named after",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/manager/main.go", SERVER_GO),
            ("cmd/boats/main.go", SERVER_GO),
            ("ui/fleet-server/main.go", MAIN_GO),
            (
                "Dockerfile",
                "FROM golang:1.24 AS b\nRUN go build -o /manager ./cmd/manager\nFROM scratch\nCOPY --from=b /manager /\nENTRYPOINT [\"/manager\"]\n",
            ),
            (
                "config/manager.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: m}\nspec:\n  template:\n    spec:\n      containers:\n        - {name: manager, image: controller:latest, command: [/manager]}\n",
            ),
            ("compose.yaml", "services:\n  a:\n    image: fleet/fleet-server:latest\n    command: boats\n"),
        ],
        expected: &[
            ("cmd/boats", "service", &["compose"], &[]),
            ("cmd/manager", "service", &["kubernetes"], &[]),
            ("ui/fleet-server", "cli", &[], &[]),
        ],
    },
    Case {
        what: "a bare module of WebAssembly may be for any host",
        files: &[
            ("Cargo.toml", "[package]\nname = \"kernel\"\n[lib]\ncrate-type = [\"cdylib\"]\n"),
            (".cargo/config.toml", "[build]\ntarget = \"wasm32-unknown-unknown\"\n"),
            ("src/lib.rs", "#[no_mangle]\npub extern \"C\" fn alloc(n: u64) -> u64 { n }\n"),
        ],
        expected: &[(".", "wasm", &[], &["wasm-export"])],
    },
    Case {
        what: "an operator runs its subject's image and is not in it",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/cache-operator/main.go", SERVER_GO),
            ("cmd/cache-operator/Dockerfile", "FROM golang:1.24\nRUN go build -o /o .\nENTRYPOINT [\"/o\"]\n"),
            (
                "k8s.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - {name: a, image: r.io/x/cache:v1}\n",
            ),
        ],
        expected: &[("cmd/cache-operator", "service", &["docker"], &[])],
    },
    Case {
        what: "what an image starts and what waits for its end keeps running, though it reads a command line",
        files: &[
            ("go.mod", "module example.com/x\n"),
            (
                "cmd/oracle/main.go",
                "package main\n\nimport (\n\t\"os\"\n\t\"os/signal\"\n\n\t\"github.com/urfave/cli/v2\"\n)\n\nfunc main() {\n\tcli.NewApp().Run(os.Args)\n\tc := make(chan os.Signal, 1)\n\tsignal.Notify(c)\n\t<-c\n}\n",
            ),
            (
                "oracle.Dockerfile",
                "FROM golang:1.24 AS b\nRUN go build -o /bin/oracle ./cmd/oracle\nFROM scratch\nCOPY --from=b /bin/oracle /bin/\nENTRYPOINT [\"oracle\"]\n",
            ),
        ],
        expected: &[("cmd/oracle", "service", &["docker"], &[])],
    },
    Case {
        what: "a helper that an image brings along, or that a stage for builds installs, stays a helper",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/db/main.go", SERVER_GO),
            ("cmd/dbbench/main.go", MAIN_GO),
            (
                "Dockerfile",
                "FROM golang:1.24 AS b\nRUN go build -o /db ./cmd/db && go build -o /dbbench ./cmd/dbbench\nFROM scratch\nCOPY --from=b /db /dbbench /bin/\nENTRYPOINT [\"db\"]\n",
            ),
            ("tools/protogen/Cargo.toml", "[package]\nname = \"protogen\"\n"),
            ("tools/protogen/src/main.rs", "fn main() {}\n"),
            (
                "stage/Dockerfile",
                "FROM rust:1.80\nCOPY tools/protogen protogen\nRUN cargo install --path tools/protogen --locked\n",
            ),
        ],
        expected: &[
            ("cmd/db", "service", &["docker"], &[]),
            ("cmd/dbbench", "tool", &["docker"], &[]),
            ("tools/protogen", "tool", &["docker"], &[]),
        ],
    },
    Case {
        what: "a library that others build on is one, wherever its helper program lies",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"app\", \"shared\"]\n"),
            (
                "app/Cargo.toml",
                "[package]\nname = \"app\"\n[dependencies]\naxum = \"1\"\nshared = { path = \"../shared\" }\n",
            ),
            ("app/src/main.rs", SERVER_RS),
            (
                "shared/Cargo.toml",
                "[package]\nname = \"shared\"\n[dependencies]\naxum = \"1\"\n[[bin]]\nname = \"crds\"\npath = \"src/crds.rs\"\n",
            ),
            ("shared/src/lib.rs", "pub fn metrics() { axum::Router::new(); }\n"),
            ("shared/src/crds.rs", "fn main() {}\n"),
        ],
        expected: &[("app", "service", &[], &[]), ("shared", "tool", &[], &[])],
    },
    Case {
        what: "a shell that a compose file opens for a person keeps no program running, and one that others wait for ends",
        files: &[
            ("go.mod", "module example.com/x\n"),
            (
                "cmd/notes-cli/main.go",
                "package main\n\nimport \"github.com/spf13/cobra\"\n\nfunc main() { cobra.Command{} }\n",
            ),
            ("cmd/prepare/main.go", MAIN_GO),
            ("cmd/web/main.go", SERVER_GO),
            (
                "cmd/notes-cli/Dockerfile",
                "FROM golang:1.24 AS b\nRUN go build -o /out/notes-cli ./cmd/notes-cli\nFROM alpine\nCOPY --from=b /out/notes-cli /\nCMD [\"/notes-cli\"]\n",
            ),
            (
                "compose.yaml",
                "services:\n  notes-cli: {build: {context: ., dockerfile: cmd/notes-cli/Dockerfile}, command: /bin/sh}\n  prepare: {image: x/prepare}\n  web:\n    image: x/web\n    depends_on: {prepare: {condition: service_completed_successfully}}\n",
            ),
        ],
        expected: &[
            ("cmd/notes-cli", "cli", &["compose"], &[]),
            ("cmd/prepare", "job", &["compose"], &[]),
            ("cmd/web", "service", &["compose"], &[]),
        ],
    },
    Case {
        what: "one Dockerfile for many programs: an argument says which, and the image is called after it",
        files: &[
            ("go.mod", "module example.com/x\n"),
            ("cmd/shop-api/main.go", SERVER_GO),
            ("cmd/shop-engine/main.go", SERVER_GO),
            ("cmd/shop-migrate/main.go", MAIN_GO),
            ("cmd/shop-loadtest/main.go", SERVER_GO),
            (
                "Dockerfile",
                "FROM golang:1.24 AS b\nARG TARGET=engine\nRUN go build -o /out/shop-${TARGET} ./cmd/shop-${TARGET}\nFROM alpine\nARG TARGET=engine\nCOPY --from=b /out/shop-${TARGET} /\nCMD [\"/bin/sh\", \"-c\", \"/shop-${TARGET}\"]\n",
            ),
            (
                ".github/workflows/release.yml",
                "on: push\njobs:\n  a:\n    steps:\n      - run: |\n          docker build -t ghcr.io/o/shop-api:v1 --build-arg TARGET=api .\n          docker build -t ghcr.io/o/shop-engine:v1 --build-arg TARGET=engine .\n          docker build -t ghcr.io/o/shop-migrate:v1 --build-arg TARGET=migrate .\n",
            ),
            (
                "compose.yaml",
                "services:\n  a: {image: ghcr.io/o/shop-api}\n  e: {image: ghcr.io/o/shop-engine}\n  m: {image: ghcr.io/o/shop-migrate}\n  l: {image: x/shop-loadtest}\n",
            ),
        ],
        expected: &[
            ("cmd/shop-api", "service", &["compose"], &[]),
            ("cmd/shop-engine", "service", &["compose"], &[]),
            ("cmd/shop-loadtest", "tool", &["compose"], &[]),
            ("cmd/shop-migrate", "job", &["compose"], &[]),
        ],
    },
    Case {
        what: "firmware beside a program makes it no firmware, and a chart that is uploaded releases no program",
        files: &[
            ("Cargo.toml", "[package]\nname = \"keeper\"\n[dependencies]\naxum = \"1\"\n"),
            ("src/main.rs", SERVER_RS),
            ("firmware/board/.cargo/config.toml", "[build]\ntarget = \"thumbv7em-none-eabihf\"\n"),
            ("charts/keeper/Chart.yaml", "name: keeper\n"),
            (
                "scripts/chart-release.sh",
                "ASSET=\".cr-release-packages/keeper-1.tgz\"\ncr package charts/keeper\ngh release upload v1 --repo o/keeper \"${ASSET}\"\n",
            ),
        ],
        expected: &[(".", "service", &[], &[])],
    },
    Case {
        what: "a chart runs the image that is called like the module: the program in the folder `cmd`",
        files: &[
            ("go.mod", "module example.com/o/shop-operator\n"),
            ("cmd/main.go", SERVER_GO),
            ("sample/Dockerfile", "FROM scratch\n"),
            (
                "Dockerfile",
                "FROM golang:1.24 AS b\nRUN go build -o bin/manager cmd/main.go\nFROM scratch\nCOPY --from=b /bin/manager .\nENTRYPOINT [\"/manager\"]\n",
            ),
            ("charts/shop-operator/Chart.yaml", "name: shop-operator\n"),
            ("charts/shop-operator/values.yaml", "manager:\n  image:\n    repository: ghcr.io/o/shop-operator\n"),
            (
                "charts/shop-operator/templates/deployment.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  template:\n    spec:\n      containers:\n      - name: manager\n        image: {{ .Values.manager.image.repository }}:{{ .Values.manager.image.tag\n          | default .Chart.AppVersion }}\n",
            ),
        ],
        expected: &[("cmd", "service", &["helm"], &[])],
    },
    Case {
        what: "what the repository's own release is made of is no example",
        files: &[
            ("go.mod", "module example.com/base\n"),
            ("examples/base/main.go", SERVER_GO),
            ("examples/other/main.go", SERVER_GO),
            (
                "core/core.go",
                "package core\n\nimport \"net/http\"\n\nfunc Run() { http.ListenAndServe(\":80\", nil) }\n",
            ),
            (
                "plugin/internal/types/types.go",
                "package main\n\nimport \"example.com/base/core\"\n\nfunc main() { print(core.Run) }\n",
            ),
            (".goreleaser.yaml", "builds:\n  - main: ./examples/base\n    binary: base\n"),
        ],
        expected: &[
            ("examples/base", "service", &["binary-release"], &[]),
            ("examples/other", "tool", &[], &[]),
            ("plugin/internal/types", "tool", &[], &[]),
        ],
    },
    Case {
        what: "a server whose setup draws on a terminal is a server",
        files: &[
            ("go.mod", "module example.com/flags\n"),
            (
                "cmd/flags/main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\n\ttea \"github.com/charmbracelet/bubbletea\"\n\t\"github.com/spf13/cobra\"\n)\n\nfunc main() {\n\tcobra.Command{}\n\ttea.NewProgram(nil)\n\thttp.HandleFunc(\"/a\", a)\n\thttp.HandleFunc(\"/b\", b)\n\thttp.ListenAndServe(\":80\", nil)\n}\n",
            ),
            (".goreleaser.yaml", "builds:\n  - main: ./cmd/flags\n    binary: flags\n"),
            (
                "Dockerfile",
                "FROM golang:1.24 AS b\nRUN go build -o /out/flags ./cmd/flags\nFROM alpine\nCOPY --from=b /out/flags /\nEXPOSE 80\nCMD [\"/flags\", \"server\"]\n",
            ),
        ],
        expected: &[("cmd/flags", "service", &["binary-release", "docker"], &[])],
    },
];

#[test]
fn every_tool_of_a_module_reaches_the_engine_of_its_server_and_only_the_server_is_one() {
    let root = tree(&[("go.mod", "module example.com/keeper/v2\n")]);
    for file in 0..12 {
        let text = "package db\n\nimport \"go.etcd.io/bbolt\"\n\nvar _ bbolt.DB\n";
        put(root.path(), &format!("pkg/db/f{file}.go"), text);
    }
    for program in ["keeper", "canary", "balancer", "inspector"] {
        let main = SERVER_GO
            .replace("import \"net/http\"", "import (\n\t\"net/http\"\n\n\t_ \"example.com/keeper/v2/pkg/db\"\n)");
        put(root.path(), &format!("cmd/{program}/main.go"), main);
    }
    let engines: Vec<_> = services(root.path())
        .iter()
        .filter(|one| one["traits"].to_string().contains("storage-engine"))
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(engines, ["keeper"]);
}

#[test]
fn small_repositories_are_taken_for_what_they_are() {
    for case in CASES {
        let root = tree(case.files);
        let found: Vec<_> = services(root.path())
            .iter()
            .map(|one| {
                let text = |key: &str| one[key].as_str().unwrap().to_owned();
                (text("root"), text("role"), words(&one["deploy"], "target"), words(&one["ffi"], "mechanism"))
            })
            .collect();
        let own = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let expected: Vec<_> = case
            .expected
            .iter()
            .map(|(root, role, deploy, ffi)| ((*root).to_owned(), (*role).to_owned(), own(deploy), own(ffi)))
            .collect();
        assert_eq!(found, expected, "{}", case.what);
    }
}
