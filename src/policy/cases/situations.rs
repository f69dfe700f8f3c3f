//! Every shipped policy against small situations: what it flags, what it must not, both sides of each border.

/// Situation and expectation, grouped by policy.
pub(super) const CASES: &[(&str, &str)] = &[
    // embedded: any language of firmware; a program that merely talks to devices is none.
    ("go firmware, deploy embedded", "questioned -embedded -hard-to-redeploy"),
    ("rust firmware, deploy embedded", "fits +embedded +hard-to-redeploy"),
    ("go service, deploy embedded", "questioned -embedded"),
    ("go service, uses device serial", "unjudged"),
    // wasm
    ("go wasm, deploy wasm-plugin, trait security-critical", "questioned -wasm -failure-cost"),
    ("rust wasm, deploy wasm-browser", "fits +wasm +hard-to-redeploy"),
    ("go library, deploy wasm-wasi", "questioned -wasm"),
    ("go service, deploy wasm-wasi", "unjudged"),
    // foreign-consumers
    ("go library, ffi export go-c-shared 4", "questioned -foreign-consumers"),
    ("rust library, ffi export uniffi 4, trait security-critical", "fits +foreign-consumers +failure-cost"),
    ("go service, ffi export cgo 1", "unjudged"),
    ("rust library, ffi export wasm-bindgen 1", "unjudged"),
    // edge-runtime: hosting WebAssembly counts for Rust alone.
    ("go function, deploy edge", "questioned -edge-runtime"),
    ("rust function, deploy edge", "fits +edge-runtime"),
    ("rust cli, uses wasm-host wasmtime", "fits +edge-runtime"),
    ("go service, uses wasm-host wazero", "unjudged"),
    // tail-latency: the border, the percentile, the sources, and what is never a budget.
    ("go service, latency 900us 99.9 slo", "questioned -tail-latency"),
    ("go service, latency 1ms 99.9 slo", "questioned -tail-latency"),
    ("go service, latency 1.001ms 99.9 slo", "unjudged -tail-latency-advisory"),
    ("go service, latency 900us - deadline", "questioned -tail-latency"),
    ("go service, latency 900us 99 load-test", "questioned -tail-latency"),
    ("go service, latency 900us 98.9 slo", "unjudged"),
    ("go service, latency 900us 50 slo", "unjudged"),
    ("go service, timeout 900us", "unjudged"),
    ("go service, scheduling 900us 99", "unjudged"),
    ("rust service, latency 900us 99.9 slo", "fits +tail-latency"),
    ("go service, trait http-api, deploy kubernetes, latency 900us 99.9 slo", "questioned -tail-latency"),
    ("rust service, trait http-api, deploy kubernetes, latency 900us 99.9 slo", "fits +tail-latency"),
    ("go service, trait http-api, deploy kubernetes, latency 100ms 99 slo", "fits +cloud-native-service"),
    ("go service, trait http-api, deploy kubernetes, latency 5.01ms 99 slo", "fits +cloud-native-service"),
    ("go service, trait http-api, deploy kubernetes, latency 5ms 99 slo", "unjudged -tail-latency-advisory"),
    // tail-latency-advisory: between the figures, or in prose alone.
    ("go service, latency 5ms 99 slo", "unjudged -tail-latency-advisory"),
    ("go service, latency 5.01ms 99 slo", "unjudged"),
    ("go service, latency 2ms 98.9 slo", "unjudged"),
    ("go service, latency 900us 99.9 doc", "unjudged -tail-latency-advisory"),
    ("rust service, latency 2ms 99 slo", "fits +tail-latency-advisory"),
    (
        "go service, latency 2ms 99 slo, lines 300, trait queue-worker",
        "contested -tail-latency-advisory +queue-workers",
    ),
    // realtime-domain
    ("go service, trait realtime", "questioned -realtime-domain"),
    ("go service, uses market-data fix", "questioned -realtime-domain"),
    ("go service, latency 10ms - derived", "questioned -realtime-domain"),
    ("go service, latency 10.01ms - derived", "unjudged"),
    ("rust service, uses audio-realtime cpal", "fits +realtime-domain"),
    // memory-pressure
    (
        "go service, trait stream-pipeline, tuning set-gc-percent, trait http-api, deploy compose",
        "contested -memory-pressure +cloud-native-service +batch-pipeline",
    ),
    ("go service, trait codec, tuning arena, trait cpu-bound", "questioned -memory-pressure -cpu-bound"),
    ("go service, trait stream-pipeline", "fits +batch-pipeline"),
    ("go function, trait stream-pipeline, tuning sync-pool", "fits +serverless-function"),
    ("go service, trait stream-pipeline, tuning gomemlimit", "fits +batch-pipeline"),
    ("go service, declared allocations-per-second 1000000", "questioned -memory-pressure"),
    ("go service, declared allocations-per-second 999999", "unjudged"),
    ("rust service, trait stream-pipeline, tuning custom-allocator", "contested -batch-pipeline +memory-pressure"),
    // tuning-exhausted and tuning-signs
    (
        "go service, tuning set-gc-percent, tuning ballast, latency 10ms 99 slo",
        "questioned -tuning-exhausted -tuning-signs",
    ),
    ("go service, tuning set-gc-percent, tuning ballast, latency 10.01ms 99 slo", "unjudged -tuning-signs"),
    ("go service, tuning set-gc-percent, latency 10ms 99 slo", "unjudged"),
    (
        "go service, tuning set-gc-percent, tuning ballast, tuning off-heap, tuning gogc",
        "questioned -tuning-exhausted -tuning-signs",
    ),
    ("go service, tuning set-gc-percent, tuning ballast, tuning off-heap", "unjudged -tuning-signs"),
    ("go service, tuning set-gc-percent, tuning ballast, trait queue-worker", "contested -tuning-signs +queue-workers"),
    ("go service, tuning gomemlimit, tuning pgo", "unjudged"),
    ("rust service, tuning off-heap, tuning assembly", "unjudged"),
    (
        "go service, tuning set-gc-percent, tuning sync-pool, trait http-api, deploy compose",
        "fits -tuning-signs +cloud-native-service",
    ),
    // memory-footprint and memory-limit
    ("go service, declared memory-ceiling 64MiB", "questioned -memory-footprint"),
    ("go service, declared memory-ceiling 65MiB", "unjudged"),
    ("go service, memory limit 32MiB, deploy systemd", "questioned -memory-footprint -memory-limit"),
    ("rust service, memory limit 32MiB, deploy systemd", "fits +memory-footprint +memory-limit"),
    ("go service, memory limit 20MiB, trait grpc-api, deploy compose", "fits -memory-limit +cloud-native-service"),
    ("go service, memory request 20MiB", "unjudged"),
    ("go service, memory limit 64MiB, trait queue-worker", "contested -memory-limit +queue-workers"),
    ("go service, memory limit 65MiB, trait queue-worker", "fits +queue-workers"),
    // cpu-bound
    ("go service, trait cpu-bound", "questioned -cpu-bound"),
    ("go job, trait codec", "contested -cpu-bound +batch-pipeline"),
    ("rust cli, trait cpu-bound", "fits +cpu-bound"),
    ("go cli, trait cpu-bound", "contested -cpu-bound"),
    ("go cli, trait codec", "contested"),
    // infrastructure-core
    ("go service, trait storage-engine, trait http-api, deploy compose", "questioned -infrastructure-core"),
    (
        "go service, trait proxy, trait security-critical, deploy compose",
        "contested -infrastructure-core -failure-cost +cloud-native-service",
    ),
    ("rust service, trait proxy, trait http-api, deploy kubernetes", "fits +infrastructure-core"),
    ("go service, trait gateway, deploy helm", "fits +cloud-native-service"),
    ("go service, uses search-index bleve", "questioned -infrastructure-core"),
    ("go service, uses search-index bleve, trait crud", "fits +crud-service"),
    ("go cli, trait storage-engine", "contested"),
    // hard-to-redeploy
    ("go service, trait node-agent, deploy package", "questioned -hard-to-redeploy"),
    ("go service, trait node-agent, deploy package, deploy helm", "unjudged"),
    (
        "go service, trait node-agent, deploy binary-release, uses container-runtime containerd",
        "contested -hard-to-redeploy +devops-agent",
    ),
    ("rust service, trait node-agent, deploy systemd", "fits +hard-to-redeploy"),
    (
        "rust service, trait node-agent, deploy binary-release, trait stream-pipeline, trait io-bound",
        "contested -batch-pipeline +hard-to-redeploy",
    ),
    ("go service, deploy package", "unjudged"),
    ("go service, declared hard-to-redeploy true", "questioned -hard-to-redeploy"),
    ("go service, declared hard-to-redeploy false", "unjudged"),
    ("go cli, trait node-agent, deploy package", "contested"),
    // ffi-in-go
    ("go service, ffi import cgo 20", "questioned -ffi-in-go"),
    ("go service, ffi import cgo 19", "unjudged"),
    ("rust service, ffi import rust-extern-block 90", "unjudged"),
    ("go cli, ffi import cgo 90", "contested"),
    // c-replacement
    ("go service, counts c-lines 500, trait queue-worker", "contested -c-replacement +queue-workers"),
    ("go service, counts c-lines 499, trait queue-worker", "fits +queue-workers"),
    ("rust service, counts c-lines 500", "fits +c-replacement"),
    // correctness-horizon
    ("go service, declared horizon-years 5", "questioned -correctness-horizon"),
    ("go service, declared horizon-years 4", "unjudged"),
    ("rust service, declared horizon-years 5", "fits +correctness-horizon"),
    // failure-cost
    ("go function, trait security-critical", "contested -failure-cost +serverless-function"),
    ("go job, trait security-critical", "contested -failure-cost +batch-pipeline"),
    (
        "rust service, trait grpc-api, deploy docker, trait security-critical",
        "contested -cloud-native-service +failure-cost",
    ),
    ("go service, declared panic-cost money", "questioned -failure-cost"),
    ("go service, declared panic-cost low", "unjudged"),
    ("go cli, trait security-critical", "contested -failure-cost"),
    // unhandled-errors and data-races: a check in CI answers them.
    (
        "go service, lines 1000, trait security-critical, trait grpc-api, deploy helm, counts discarded-errors 2",
        "contested -failure-cost -unhandled-errors +cloud-native-service",
    ),
    (
        "go service, lines 1000, trait security-critical, trait grpc-api, deploy helm, counts discarded-errors 1",
        "contested -failure-cost +cloud-native-service",
    ),
    (
        "go service, lines 1000, trait security-critical, counts discarded-errors 9, check errcheck",
        "questioned -failure-cost",
    ),
    ("go service, lines 1000, counts discarded-errors 9", "unjudged"),
    ("go cli, lines 1000, trait security-critical, counts goroutines 10", "contested -failure-cost -data-races"),
    ("go service, trait security-critical, counts goroutines 9", "questioned -failure-cost"),
    ("go service, trait security-critical, counts goroutines 10", "questioned -failure-cost -data-races"),
    ("go service, trait security-critical, counts goroutines 10, check race-detector", "questioned -failure-cost"),
    ("go service, counts goroutines 900", "unjudged"),
    (
        "go service, lines 1000, uses payments stripe, trait queue-worker, counts discarded-errors 2",
        "contested -unhandled-errors +queue-workers",
    ),
    (
        "go service, uses payments stripe, trait queue-worker, counts goroutines 10",
        "contested -data-races +queue-workers",
    ),
    (
        "go service, uses payments stripe, trait queue-worker, counts goroutines 10, check race-detector",
        "fits +queue-workers",
    ),
    // scale-economics, and what holds it back
    (
        "go service, replicas 50, trait stream-pipeline, uses stream-engine x, trait queue-worker",
        "contested -scale-economics +queue-workers",
    ),
    ("go service, replicas 49, trait stream-pipeline, uses stream-engine x, trait queue-worker", "fits +queue-workers"),
    ("go service, replicas 50, trait queue-worker", "fits +queue-workers"),
    ("rust service, replicas 50", "fits +scale-economics"),
    // stable-maintainers supports alone.
    ("rust service, declared team-plan same-people", "fits +stable-maintainers"),
    ("go service, declared team-plan same-people", "unjudged"),
    ("rust service, team rotation=0.2 attrition=0.2 bus-factor=2 age-days=730", "fits +stable-maintainers"),
    ("rust service, team rotation=0.205 attrition=0.2 bus-factor=2 age-days=730", "unjudged"),
    ("rust service, team rotation=0.2 attrition=0.2 bus-factor=2 age-days=729", "unjudged"),
    ("rust service, team rotation=0.21 attrition=0.2 bus-factor=2 age-days=730", "unjudged"),
    ("rust service, team rotation=0.2 attrition=0.2 bus-factor=1 age-days=730", "unjudged"),
    // artifact-size
    ("rust service, artifact 5MB", "fits +artifact-size"),
    ("rust service, artifact 6MB", "unjudged"),
    ("go service, artifact 1MB, trait queue-worker", "contested -artifact-size +queue-workers"),
    // crud-service
    ("go service, trait crud", "fits +crud-service"),
    ("rust service, trait crud, deploy package", "questioned -crud-service"),
    ("rust service, trait crud, trait storage-engine", "fits +infrastructure-core"),
    ("rust service, trait crud, latency 5ms 99 slo", "fits +tail-latency-advisory"),
    ("rust service, trait crud, latency 5.01ms 99 slo", "questioned -crud-service"),
    // cloud-native-service
    ("go service, trait http-api, deploy kubernetes", "fits +cloud-native-service"),
    ("rust service, trait http-api, trait io-bound, deploy compose", "questioned -cloud-native-service"),
    ("rust service, trait http-api, deploy package", "unjudged"),
    ("rust service, trait http-api, trait storage-engine, deploy docker", "fits +infrastructure-core"),
    ("go service, trait node-agent, trait http-api, deploy helm", "fits +cloud-native-service"),
    // operator, and deployment glue
    ("go service, trait operator, deploy helm", "fits +operator"),
    ("rust service, trait operator, trait grpc-api, deploy helm", "questioned -cloud-native-service -operator"),
    ("rust service, trait node-agent, trait io-bound, uses k8s-client kube, deploy helm", "questioned -operator"),
    ("rust job, uses k8s-client kube, deploy helm", "questioned -operator -batch-pipeline"),
    ("rust service, uses k8s-client kube, deploy helm, trait cpu-bound", "fits +cpu-bound"),
    ("rust service, uses k8s-client kube, deploy package", "unjudged"),
    ("rust cli, trait operator", "contested"),
    (
        "go service, trait proxy, trait gateway, trait operator, trait io-bound, deploy helm",
        "contested -infrastructure-core +cloud-native-service +operator",
    ),
    // serverless-function
    ("go function", "fits +serverless-function"),
    ("rust function, trait http-api, deploy lambda", "questioned -serverless-function"),
    ("rust function, latency 5ms 99 slo", "fits +tail-latency-advisory"),
    ("rust function, latency 5.01ms 99 slo", "questioned -serverless-function"),
    // batch-pipeline
    ("go job, trait io-bound, deploy docker", "fits +batch-pipeline"),
    ("rust job", "questioned -batch-pipeline"),
    ("rust service, trait stream-pipeline, uses stream-engine timely", "unjudged"),
    ("rust service, trait stream-pipeline, trait storage-engine", "fits +infrastructure-core"),
    // devops-agent supports alone.
    ("go service, trait node-agent, uses metrics prometheus", "fits +devops-agent"),
    ("go service, trait node-agent, uses sql postgres", "unjudged"),
    ("rust service, trait node-agent, uses metrics prometheus", "unjudged"),
    // correctness-age: a hint, on either side of every border
    ("rust library, deploy pypi, team age-days=1825 changes-per-week=0.25 commits=4", "fits +correctness-age"),
    ("go service, deploy pypi, team age-days=1825 changes-per-week=0.25 commits=4", "unjudged -correctness-age"),
    ("rust library, deploy pypi, team age-days=1824 changes-per-week=0.25 commits=4", "unjudged"),
    ("rust library, deploy pypi, team age-days=1825 changes-per-week=0.255 commits=4", "unjudged"),
    ("rust library, deploy pypi, team age-days=1825 changes-per-week=0.25 commits=3", "unjudged"),
    ("rust library, deploy pypi", "unjudged"),
    (
        "rust library, ffi export uniffi 4 2, team age-days=1825 changes-per-week=0.1 commits=4",
        "fits +foreign-consumers +correctness-age",
    ),
    (
        "rust library, ffi export uniffi 4 1, team age-days=1825 changes-per-week=0.1 commits=4",
        "fits +foreign-consumers",
    ),
    ("rust service, team age-days=4000 changes-per-week=0.1 commits=5", "unjudged"),
    ("rust library, deploy pypi, team age-days=4000 changes-per-week=0.1 commits=5", "fits +correctness-age"),
    // spec-churn, team-churn, unknown-maintainers
    ("rust service, declared spec-stability weekly", "questioned -spec-churn"),
    ("rust service, declared spec-stability monthly", "unjudged"),
    ("rust service, team age-days=1, spec active-weeks=40 breaking-share=0.3", "questioned -spec-churn"),
    ("rust service, team age-days=1, spec active-weeks=39 breaking-share=0.3", "unjudged"),
    ("rust service, team age-days=1, spec active-weeks=52", "unjudged"),
    ("rust service, team age-days=1, spec active-weeks=40 breaking-share=0.25", "questioned -spec-churn"),
    ("rust service, team age-days=1, spec active-weeks=40 breaking-share=0.245", "unjudged"),
    ("go service, declared spec-stability weekly", "fits +spec-churn"),
    ("rust service, declared team-plan contractors", "questioned -team-churn"),
    (
        "rust service, team rotation=0.8 attrition=0.5 newcomer-share=0.5 contributors=4 commits=50",
        "questioned -team-churn",
    ),
    ("rust service, team rotation=0.795 attrition=0.5 newcomer-share=0.5 contributors=4 commits=50", "unjudged"),
    ("rust service, team rotation=0.8 attrition=0.495 newcomer-share=0.5 contributors=4 commits=50", "unjudged"),
    ("rust service, team rotation=0.8 attrition=0.5 newcomer-share=0.495 contributors=4 commits=50", "unjudged"),
    ("go service, declared team-plan rotating, declared panic-cost money", "contested -failure-cost +team-churn"),
    ("rust service, declared team-plan unknown", "questioned -unknown-maintainers"),
    ("rust service, declared team-plan hiring", "questioned -unknown-maintainers"),
    ("rust service, team bus-factor=1 attrition=0.75 departed=2 owners=0", "questioned -unknown-maintainers"),
    ("rust service, team bus-factor=1 attrition=0.75 departed=2 owners=1", "unjudged"),
    ("rust service, team bus-factor=1 attrition=0.745 departed=2 owners=0", "unjudged"),
    ("go service, declared team-plan unknown", "fits +unknown-maintainers"),
    // queue-workers
    ("go service, trait queue-worker", "fits +queue-workers"),
    ("rust service, trait queue-worker", "unjudged -queue-workers"),
    // compile-velocity
    (
        "rust service, lines 200000, team changes-per-week=20, artifact 1MB",
        "contested -compile-velocity +artifact-size",
    ),
    ("rust service, lines 199999, team changes-per-week=20, artifact 1MB", "fits +artifact-size"),
    ("rust service, lines 200000, team changes-per-week=19, artifact 1MB", "fits +artifact-size"),
    ("go service, declared edit-build-loop true", "fits +compile-velocity"),
    ("rust service, declared edit-build-loop true", "unjudged -compile-velocity"),
    // boring-glue
    ("go service, lines 29, deploy docker", "fits +boring-glue"),
    ("rust service, lines 999", "unjudged -boring-glue"),
    ("rust service, lines 1000", "unjudged"),
    ("go service, lines 29, ffi import cgo 1", "unjudged"),
    ("rust service, lines 29, trait security-critical", "fits +failure-cost"),
    ("rust service, lines 29, latency 5ms 99 slo", "fits +tail-latency-advisory"),
    ("rust service, lines 29, latency 5.01ms 99 slo", "unjudged -boring-glue"),
    // cli-tool
    ("go cli", "contested"),
    ("rust cli", "contested"),
    ("go cli, trait queue-worker", "contested +queue-workers"),
    ("go service, uses cli-parser cobra", "unjudged"),
    // agent-authored
    ("go service, team agent-share=0.5", "contested"),
    ("go service, team agent-share=0.495", "unjudged"),
    ("rust service, trait crud, team agent-share=0.9", "questioned -crud-service"),
    // io-bound-narrows
    (
        "go service, trait cpu-bound, trait io-bound, trait http-api, deploy helm",
        "fits -cpu-bound +cloud-native-service",
    ),
    ("go service, trait cpu-bound, trait http-api, deploy helm", "contested -cpu-bound +cloud-native-service"),
    ("go service, trait cpu-bound, trait io-bound", "unjudged -cpu-bound"),
    ("go service, trait cpu-bound, trait io-bound, latency 5ms 99 slo", "questioned -cpu-bound -tail-latency-advisory"),
    ("go service, trait cpu-bound, trait io-bound, latency 5.01ms 99 slo", "unjudged -cpu-bound"),
    // gc-at-scale-is-fine
    (
        "go service, lines 50000, memory limit 64MiB, trait queue-worker, latency 5ms 99 slo",
        "contested -tail-latency-advisory -memory-limit +queue-workers",
    ),
    ("go service, lines 50000, memory limit 64MiB, trait queue-worker, latency 5.01ms 99 slo", "fits +queue-workers"),
    ("go service, memory limit 64MiB, trait queue-worker, replicas 10", "fits +queue-workers"),
    ("go service, memory limit 64MiB, trait queue-worker, replicas 9", "contested -memory-limit +queue-workers"),
    ("go service, lines 900000, replicas 500, trait queue-worker", "fits +queue-workers"),
    (
        "go service, lines 900000, replicas 500, trait queue-worker, tuning gogc",
        "contested -scale-economics +queue-workers",
    ),
    ("go service, lines 50000, memory limit 64MiB, trait queue-worker", "fits +queue-workers"),
    ("go service, lines 49999, memory limit 64MiB, trait queue-worker", "contested -memory-limit +queue-workers"),
    // upgrade-first
    ("go service, go 1.23, trait cpu-bound", "unjudged -cpu-bound"),
    ("go service, go 1.24, trait cpu-bound", "questioned -cpu-bound"),
    // ecosystem-domain
    (
        "rust service, trait http-api, deploy docker, uses ml-inference ort, trait cpu-bound",
        "fits -cloud-native-service +cpu-bound",
    ),
    (
        "rust service, trait http-api, deploy docker, uses ml-client x, trait cpu-bound",
        "contested -cloud-native-service +cpu-bound",
    ),
    // Nothing known at all
    ("go service", "unjudged"),
    ("rust service", "unjudged"),
    ("go tool, deploy embedded", "unjudged"),
];
