#!/usr/bin/env bash
# Fails where the deployed relay of STACK_NAME reports a fault of itself. It asks the operators' route `health`, and waits
# for a check that the poller made after this began: an older one may be of the version before. The poller checks every
# five minutes; WAIT_SECONDS says how long to wait, INTERVAL_SECONDS how often to ask.
set -euo pipefail
: "${AWS_ACCESS_KEY_ID:?}" "${AWS_SECRET_ACCESS_KEY:?}" "${AWS_REGION:?}"
began=$(date +%s)
url=${OPERATORS_URL:-$(aws cloudformation describe-stacks --stack-name "${STACK_NAME:?}" --output text \
  --query "Stacks[0].Outputs[?OutputKey=='OperatorsUrl'].OutputValue")}

# The key goes in by standard input, so that it is in no list of processes.
health() {
  curl --silent --show-error --fail --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --config - "$url/v1/health" <<END
user = "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
header = "x-amz-security-token: ${AWS_SESSION_TOKEN:-}"
END
}

# Ends with 0 where it is well, with 1 where it is not, with 2 where the check is from before.
judged() {
  python3 -c '
import datetime, json, sys
health = json.load(sys.stdin)
checked = health.get("checkedAt")
if not checked or datetime.datetime.fromisoformat(checked.replace("Z", "+00:00")).timestamp() < int(sys.argv[1]):
    sys.exit(2)
sys.exit(health["status"] == "fault")
' "$began"
}

while true; do
  answer=$(health)
  code=0
  judged <<< "$answer" || code=$?
  if [ "$code" != 2 ]; then
    echo "$answer"
    exit "$code"
  fi
  if [ $(($(date +%s) - began)) -ge "${WAIT_SECONDS:-900}" ]; then
    echo "$answer"
    echo "no check of the poller came after this began, in ${WAIT_SECONDS:-900} seconds" >&2
    exit 1
  fi
  sleep "${INTERVAL_SECONDS:-15}"
done
