//! Latency alarms of CloudWatch, in CloudFormation, SAM and Terraform.
//!
//! *Looks for*: `AWS::CloudWatch::Alarm` and `aws_cloudwatch_metric_alarm` that fire above a figure of a load balancer's,
//! gateway's or function's time to answer. The unit follows from the namespace, since a metric's name does not tell it.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from an alert, for the function that a dimension names,
//! or what lies near the file.
//! *Misses*: alarms on expressions over several metrics, on custom namespaces, and with figures that are parameters.
//! *Example*: `Namespace: AWS/ApplicationELB`, `MetricName: TargetResponseTime`, `ExtendedStatistic: p99`,
//! `Threshold: 0.5`: p99 within 500 ms.

use super::Facts;
use super::latency::{self, Budget};
use crate::fact::{Binding, LatencySource, Subject};
use crate::parse::Kind;
use crate::parse::config::ConfigView;
use crate::parse::duration::{self, Unit};
use crate::parse::percentile;
use crate::parse::tree::Node;

/// Namespace, metric, unit.
const METRICS: &[(&str, &str, Unit)] = &[
    ("AWS/ApplicationELB", "TargetResponseTime", Unit::Seconds),
    ("AWS/ELB", "Latency", Unit::Seconds),
    ("AWS/ApiGateway", "Latency", Unit::Millis),
    ("AWS/ApiGateway", "IntegrationLatency", Unit::Millis),
    ("AWS/AppSync", "Latency", Unit::Millis),
    ("AWS/Lambda", "Duration", Unit::Millis),
    ("AWS/CloudFront", "OriginLatency", Unit::Millis),
];

/// Returns the unit of a metric that times answers.
pub(super) fn unit(namespace: &str, metric: &str) -> Option<Unit> {
    METRICS.iter().find(|(space, name, _)| *space == namespace && *name == metric).map(|(_, _, unit)| *unit)
}

pub(super) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if view.kind == Kind::Hcl {
        let alarms = view.documents.iter().flat_map(Node::entries).filter(|(key, _)| *key == "resource");
        let alarms = alarms.flat_map(|(_, resource)| resource.entries());
        for (_, named) in alarms.filter(|(kind, _)| *kind == "aws_cloudwatch_metric_alarm") {
            named.entries().for_each(|(_, body)| alarm(body, &TERRAFORM, facts));
        }
        return;
    }
    let Some(resources) = view.root().and_then(|root| root.get("Resources")) else { return };
    for (_, resource) in resources.entries() {
        if resource.str_at(&["Type"]) == Some("AWS::CloudWatch::Alarm")
            && let Some(body) = resource.get("Properties")
        {
            alarm(body, &CLOUD_FORMATION, facts);
        }
    }
}

/// How one format calls the parts of an alarm.
struct Names {
    namespace: &'static str,
    metric: &'static str,
    threshold: &'static str,
    operator: &'static str,
    statistic: &'static str,
    extended: &'static str,
    dimensions: &'static str,
}

const CLOUD_FORMATION: Names = Names {
    namespace: "Namespace",
    metric: "MetricName",
    threshold: "Threshold",
    operator: "ComparisonOperator",
    statistic: "Statistic",
    extended: "ExtendedStatistic",
    dimensions: "Dimensions",
};

const TERRAFORM: Names = Names {
    namespace: "namespace",
    metric: "metric_name",
    threshold: "threshold",
    operator: "comparison_operator",
    statistic: "statistic",
    extended: "extended_statistic",
    dimensions: "dimensions",
};

fn alarm(body: &Node, names: &Names, facts: &mut Facts<'_, '_>) {
    let at = |key: &str| body.str_at(&[key]);
    let unit = at(names.namespace).zip(at(names.metric)).and_then(|(space, metric)| unit(space, metric));
    let above = at(names.operator).is_some_and(|operator| operator.starts_with("GreaterThan"));
    let (Some(unit), Some(threshold), true) = (unit, body.get(names.threshold), above) else { return };
    let Some(value) = threshold.as_f64() else { return };
    let percentile = match at(names.statistic) {
        Some("Maximum") => Some(100.0),
        Some(_) => None,
        None => at(names.extended).and_then(percentile::read),
    };
    let budget = Budget {
        limit: duration::in_unit(value, unit),
        percentile,
        source: LatencySource::Alert,
        subject: Subject::Answering,
        binding: binding(body.get(names.dimensions)),
    };
    latency::add(facts, threshold.range.clone(), budget);
}

/// The function that a dimension names outright.
fn binding(dimensions: Option<&Node>) -> Binding {
    let Some(dimensions) = dimensions else { return Binding::Here };
    let listed = dimensions.items().iter().find(|item| item.str_at(&["Name"]) == Some("FunctionName"));
    let name = listed.and_then(|item| item.str_at(&["Value"])).or_else(|| dimensions.str_at(&["FunctionName"]));
    name.map_or(Binding::Here, |name| Binding::Names(vec![name.to_owned()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, source: &str) -> Vec<String> {
        latency::test::config(detect, path, source).0
    }

    fn template(metric: &str) -> String {
        format!(
            "Resources:\n  A:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      {metric}\n      ComparisonOperator: GreaterThanThreshold\n      Threshold: 500\n"
        )
    }

    #[test]
    fn alarms_in_both_formats() {
        let gateway = "Namespace: AWS/ApiGateway\n      MetricName: Latency\n      ExtendedStatistic: p99.9";
        assert_eq!(check("template.yaml", &template(gateway)), ["p99.9 500000us Alert [Here] @9"]);
        let function = "Namespace: AWS/Lambda\n      MetricName: Duration\n      Statistic: Maximum\n      Dimensions: [{Name: FunctionName, Value: shop}]";
        assert_eq!(check("template.yaml", &template(function)), ["p100 500000us Alert [shop] @10"]);
        let terraform = "resource \"aws_cloudwatch_metric_alarm\" \"a\" {\n  namespace = \"AWS/ApplicationELB\"\n  metric_name = \"TargetResponseTime\"\n  extended_statistic = \"p95\"\n  comparison_operator = \"GreaterThanOrEqualToThreshold\"\n  threshold = 0.5\n}\n";
        assert_eq!(check("alarms.tf", terraform), ["p95 500000us Alert [Here] @6"]);
    }

    #[test]
    fn other_metrics_and_parameters_are_none() {
        for metric in [
            "Namespace: AWS/ApiGateway\n      MetricName: 5XXError\n      Statistic: Sum",
            "Namespace: AWS/SQS\n      MetricName: ApproximateAgeOfOldestMessage\n      Statistic: Maximum",
        ] {
            assert!(check("template.yaml", &template(metric)).is_empty(), "{metric}");
        }
        let gateway = template("Namespace: AWS/ApiGateway\n      MetricName: Latency\n      Statistic: Average");
        assert!(check("template.yaml", &gateway.replace("500", "!Ref Limit")).is_empty());
        assert!(check("template.yaml", &gateway.replace("GreaterThan", "LessThan")).is_empty());
    }
}
