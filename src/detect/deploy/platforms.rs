//! What command-line tools and actions of platforms deploy.
//!
//! *Looks for*: `gcloud run|functions|app deploy`, `aws lambda create-function|update-function-code`, `aws ecs`,
//! `az containerapp|functionapp`, `fly deploy`, `heroku container:push`, `railway up`; the actions that wrap these.
//! *Emits*: `Workload` (`cloud-run`, `cloud-function`, `lambda`, `paas`) with its name, image, source and artefacts.
//! *Misses*: names and images held in variables of another file; deployments that a console configures.
//! *Example*: `gcloud run deploy web --image gcr.io/p/web --region x`.

use crate::fact::{ImageBuild, Workload};
use crate::parse::shell::{Command, join};
use crate::parse::tree::Node;
use crate::path;

use super::shared;

/// What one command deploys.
pub(crate) fn deployed(command: &Command) -> Option<Workload> {
    let words: Vec<&str> = command.words.iter().skip(1).map(String::as_str).collect();
    match command.program() {
        "gcloud" => gcloud(&words, command),
        "aws" => aws(&words),
        "az" => azure(&words),
        "fly" | "flyctl" if words.first() == Some(&"deploy") => {
            let name = flag(&words, &["-a", "--app"]);
            let dockerfile = flag(&words, &["--dockerfile"]);
            Some(built("paas", name, source(command, "."), dockerfile))
        }
        "heroku" if words.iter().any(|word| matches!(*word, "container:push" | "container:release")) => {
            Some(built("paas", flag(&words, &["-a", "--app"]), source(command, "."), None))
        }
        "railway" if words.first() == Some(&"up") => {
            Some(built("paas", flag(&words, &["-s", "--service"]), source(command, "."), None))
        }
        _ => None,
    }
}

fn gcloud(words: &[&str], command: &Command) -> Option<Workload> {
    let mut plain = words.iter().filter(|word| !word.starts_with('-') && !matches!(**word, "beta" | "alpha"));
    let group = *plain.next()?;
    let is_job = group == "run" && words.contains(&"jobs");
    let verb = plain.find(|word| matches!(**word, "deploy" | "create" | "update"))?;
    if *verb != "deploy" && !is_job {
        return None;
    }
    let name = plain.next().filter(|name| !name.contains("://")).map(|name| (*name).to_owned());
    let from = flag(words, &["--source"]).map(|path| source(command, &path));
    match group {
        "run" => {
            let mut one = workload("cloud-run", if is_job { "Job" } else { "service" }, name);
            one.images = flag(words, &["--image"]).into_iter().collect();
            one.build = from.flatten().map(|context| ImageBuild { context, ..ImageBuild::default() });
            Some(one)
        }
        "functions" => {
            let runtime = flag(words, &["--runtime"]);
            if runtime.as_deref().is_some_and(shared::is_foreign_runtime) {
                return None;
            }
            let mut one = built("cloud-function", name, from.flatten().or_else(|| source(command, ".")), None);
            one.kind = "function".to_owned();
            one.aliases = flag(words, &["--entry-point"]).into_iter().collect();
            one.runtime = runtime;
            Some(one)
        }
        "app" => Some(built("paas", None, source(command, "."), None)),
        _ => None,
    }
}

fn aws(words: &[&str]) -> Option<Workload> {
    let verb = words.get(1).copied().unwrap_or("");
    if words.first() != Some(&"lambda") || !matches!(verb, "create-function" | "update-function-code") {
        return None;
    }
    if flag(words, &["--runtime"]).as_deref().is_some_and(shared::is_foreign_runtime) {
        return None;
    }
    let mut one = workload("lambda", "function", flag(words, &["--function-name"]));
    let file = flag(words, &["--zip-file"]).map(|file| file.trim_start_matches("fileb://").to_owned());
    one.artifacts = file.into_iter().chain(flag(words, &["--s3-key"])).collect();
    one.images = flag(words, &["--image-uri"]).into_iter().collect();
    one.runtime = flag(words, &["--runtime"]);
    Some(one)
}

fn azure(words: &[&str]) -> Option<Workload> {
    let name = flag(words, &["-n", "--name"]);
    match (words.first().copied()?, words.get(1).copied().unwrap_or("")) {
        ("containerapp", "up" | "create" | "update") => {
            let mut one = workload("cloud-run", "service", name);
            one.images = flag(words, &["--image", "-i"]).into_iter().collect();
            Some(one)
        }
        ("functionapp", "deployment") => {
            let mut one = workload("cloud-function", "function", name);
            one.artifacts = flag(words, &["--src"]).into_iter().collect();
            Some(one)
        }
        _ => None,
    }
}

fn workload(target: &str, kind: &str, name: Option<String>) -> Workload {
    Workload { target: target.to_owned(), kind: kind.to_owned(), name, ..Workload::default() }
}

fn built(target: &str, name: Option<String>, context: Option<String>, dockerfile: Option<String>) -> Workload {
    let build = context.map(|context| ImageBuild { context, dockerfile, ..ImageBuild::default() });
    Workload { build, ..workload(target, "service", name) }
}

/// A directory from where the command runs.
fn source(command: &Command, path: &str) -> Option<String> {
    path::normal(&join(command.directory.as_deref(), path)).filter(|path| !path.contains("://"))
}

/// The value of the first of these flags, in either way of writing.
fn flag(words: &[&str], names: &[&str]) -> Option<String> {
    words.iter().enumerate().find_map(|(at, word)| {
        if names.contains(word) {
            return words.get(at + 1).map(|value| (*value).to_owned());
        }
        let (name, value) = word.split_once('=')?;
        names.contains(&name).then(|| value.to_owned())
    })
}

/// What a step of a workflow deploys by an action.
pub(crate) fn by_action(step: &Node) -> Option<Workload> {
    let name = step.str_at(&["uses"])?.split('@').next()?.to_ascii_lowercase();
    let given = |key: &str| step.path(&["with", key]).and_then(Node::written).map(str::to_owned);
    let place = |key: &str| path::normal(&given(key).unwrap_or_else(|| ".".to_owned()));
    let one = match name.as_str() {
        "google-github-actions/deploy-cloudrun" => {
            let mut one = workload("cloud-run", "service", given("service").or_else(|| given("job")));
            one.images = given("image").into_iter().collect();
            one.build = given("source")
                .and_then(|path| path::normal(&path))
                .map(|context| ImageBuild { context, ..ImageBuild::default() });
            one
        }
        "google-github-actions/deploy-cloud-functions" => {
            let mut one = built("cloud-function", given("name"), place("source_dir"), None);
            one.kind = "function".to_owned();
            one.runtime = given("runtime");
            one.aliases = given("entry_point").into_iter().collect();
            one
        }
        "google-github-actions/deploy-appengine" => built("paas", None, place("working_directory"), None),
        "aws-actions/aws-lambda-deploy" | "appleboy/lambda-action" => {
            let mut one = workload("lambda", "function", given("function-name").or_else(|| given("function_name")));
            one.artifacts = given("zip_file").or_else(|| given("code-artifacts-dir")).into_iter().collect();
            one.runtime = given("runtime");
            one
        }
        "azure/functions-action" => built("cloud-function", given("app-name"), place("package"), None),
        "azure/webapps-deploy" | "azure/container-apps-deploy-action" => {
            let mut one = workload("paas", "service", given("app-name").or_else(|| given("containerAppName")));
            one.images = given("images").or_else(|| given("imageToDeploy")).into_iter().collect();
            one
        }
        "akhileshns/heroku-deploy" => built("paas", given("heroku_app_name"), place("appdir"), None),
        _ => return None,
    };
    let foreign = one.runtime.as_deref().is_some_and(shared::is_foreign_runtime);
    (!foreign).then_some(one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::shell::{Variables, commands};

    fn of(line: &str) -> Option<Workload> {
        commands(line, 0, &mut Variables::default()).iter().find_map(deployed)
    }

    fn words(one: &Workload) -> String {
        let build = one.build.as_ref().map_or("", |build| build.context.as_str());
        let name = one.name.as_deref().unwrap_or("");
        format!("{} {name} {}{}{build}", one.target, one.images.join(","), one.artifacts.join(","))
    }

    #[test]
    fn commands_of_platforms() {
        for (line, expected) in [
            ("gcloud run deploy web --image gcr.io/p/web:1 --region x", "cloud-run web gcr.io/p/web:1"),
            ("cd svc && gcloud beta run deploy web --source=.", "cloud-run web svc"),
            ("gcloud run jobs update nightly --image r/nightly", "cloud-run nightly r/nightly"),
            ("gcloud functions deploy hello --runtime go122 --source ./hello", "cloud-function hello hello"),
            ("gcloud app deploy", "paas  ."),
            (
                "aws lambda update-function-code --function-name api --zip-file fileb://bin/api.zip",
                "lambda api bin/api.zip",
            ),
            ("az containerapp up -n web --image r/web", "cloud-run web r/web"),
            ("flyctl deploy --remote-only -a web", "paas web ."),
            ("heroku container:push web -a shop", "paas shop ."),
            ("railway up --service api", "paas api ."),
        ] {
            assert_eq!(of(line).map(|one| words(&one)).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn other_verbs_and_other_runtimes_are_silent() {
        for line in [
            "gcloud run services list",
            "gcloud functions deploy x --runtime nodejs20",
            "gcloud container clusters create deploy",
            "aws lambda invoke --function-name x out",
            "aws s3 cp a s3://b",
            "echo gcloud run deploy web",
            "fly status",
            "railway link",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
