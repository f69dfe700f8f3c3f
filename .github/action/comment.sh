#!/usr/bin/env bash
# Writes the pull-request comment, or updates the one written before. A read-only token is no failure: the job
# summary holds the same report.
set -uo pipefail
body=$1
repository=${GITHUB_REPOSITORY:?}
number=${FITCHECK_PULL_REQUEST:-}
[[ $number =~ ^[0-9]+$ ]] || exit 0

# Anyone can write the marker; only a comment of the bot's own is updated.
mine='.[] | select(.user.login == "github-actions[bot]") | select(.body | startswith("<!-- fitcheck:report -->")) | .id'
comment=$(gh api --paginate "repos/$repository/issues/$number/comments" --jq "$mine" | head -n 1)
if [ -n "$comment" ]; then
  gh api --silent --method PATCH "repos/$repository/issues/comments/$comment" --field "body=@$body"
else
  gh api --silent --method POST "repos/$repository/issues/$number/comments" --field "body=@$body"
fi || echo "::notice title=fitcheck::the comment could not be written (the token may be read-only); see the job summary"
exit 0
