#!/usr/bin/env bash
# Runs fitcheck once, hands its reports to GitHub, and ends with its exit status.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
reports=${RUNNER_TEMP:?}/fitcheck
rm -rf "$reports"
mkdir -p "$reports"
if ! cd "${GITHUB_WORKSPACE:-.}" || ! cd "./${FITCHECK_DIRECTORY:-.}"; then
  echo "::error title=fitcheck::the working directory is not there"
  exit 2
fi

args=(--fail-on "${FITCHECK_FAIL_ON:-warning}" --color always)
if [ "${FITCHECK_STRICT:-true}" = true ]; then args+=(--strict); else args+=(--no-strict); fi
[ -n "${FITCHECK_CONFIG:-}" ] && args+=("--config=$FITCHECK_CONFIG")
[ "${FITCHECK_ALL:-false}" = true ] && args+=(--all)
[ -n "${FITCHECK_CACHE:-}" ] && args+=("--cache-dir=$FITCHECK_CACHE")

# A default checkout holds one commit and not the base; that one commit is enough to compare with.
base_is_here() {
  local sha=${FITCHECK_BASE_SHA:-}
  [[ $sha =~ ^[0-9a-f]{40,64}$ ]] || return 0
  local git=(git -c "safe.directory=*" -C "${FITCHECK_PATH:-.}")
  "${git[@]}" cat-file -e "$sha^{commit}" 2>/dev/null && return 0
  GIT_TERMINAL_PROMPT=0 "${git[@]}" fetch --quiet --no-tags --depth=1 origin "$sha" 2>/dev/null
  "${git[@]}" cat-file -e "$sha^{commit}" 2>/dev/null
}
# Whoever asks to be judged by the base must never be judged by the change instead. Where nothing is compared, as on a
# push, `auto` has nothing to point at: what is checked out is what was merged.
case "${FITCHECK_POLICY_REF:-}:${GITHUB_EVENT_NAME:-}" in
  :*) ;;
  auto:pull_request* | auto:merge_group)
    if base_is_here; then
      args+=(--policy-ref=auto)
    else
      echo "::error title=fitcheck::the base of this change is not in the clone, so its policies cannot judge;" \
        "check out with fetch-depth: 0 (or filter: blob:none)"
      exit 2
    fi
    ;;
  auto:*) ;;
  *) args+=("--policy-ref=$FITCHECK_POLICY_REF") ;;
esac
case "${FITCHECK_BASE:-}:${GITHUB_EVENT_NAME:-}" in
  :*) ;;
  auto:pull_request* | auto:merge_group)
    if base_is_here; then
      args+=(--base=auto)
    else
      echo "::warning title=fitcheck::the base of this change is not in the clone, so what is new could not be told and" \
        "every finding counts; check out with fetch-depth: 0 (or filter: blob:none)"
    fi
    ;;
  auto:*) ;;
  *) args+=("--base=$FITCHECK_BASE") ;;
esac

formats=" json ${FITCHECK_FORMATS-sarif html} "
[ "${FITCHECK_UPLOAD:-false}" = true ] && formats+=" sarif "
written=
for format in json sarif html markdown junit gitlab csv ndjson; do
  [[ ${formats//[$'\n\t,']/ } == *" $format "* ]] || continue
  args+=(--output "$format=$reports/report.$format")
  written+=" $format"
done
for format in ${formats//[$'\n\t,']/ }; do
  [[ "$written " == *" $format "* ]] || {
    printf '::error title=fitcheck::no report is called %q\n' "$format"
    exit 2
  }
done
args+=(--output "summary=$reports/summary.md" --output "comment=$reports/comment.md")
args+=(--output "github=$reports/annotations.txt" --output "outputs=$reports/outputs.txt")

# What the repository's files say must not speak to the runner.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
"${FITCHECK_BIN:?}" "${args[@]}" -- "${FITCHECK_PATH:-.}"
status=$?
echo
echo "::$token::"

# A run that is not complete has written its reports all the same, unless it could not begin.
if [ -f "$reports/outputs.txt" ]; then
  [ "${FITCHECK_ANNOTATIONS:-true}" = true ] && cat "$reports/annotations.txt"
  [ "${FITCHECK_SUMMARY:-true}" = true ] && cat "$reports/summary.md" >>"${GITHUB_STEP_SUMMARY:?}"
  {
    cat "$reports/outputs.txt"
    printf 'report=%s\nreports=%s\n' "$reports/report.json" "$reports"
    [[ "$written " == *" html "* ]] && printf 'html-file=%s\n' "$reports/report.html"
    [[ "$written " == *" sarif "* ]] && printf 'sarif-file=%s\n' "$reports/report.sarif"
  } >>"${GITHUB_OUTPUT:?}"
  [ "${FITCHECK_COMMENT:-false}" = true ] && bash "$here/comment.sh" "$reports/comment.md"
fi
exit "$status"
