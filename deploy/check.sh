#!/usr/bin/env bash
# Fails where the deployed relay of STACK_NAME reports a fault of itself. It asks the operators' route `health`, and waits
# for a check that the poller made after this began: an older one may be of the version before. The poller checks every
# five minutes; WAIT_SECONDS says how long to wait, also where the route does not answer, and INTERVAL_SECONDS how often to
# ask. The AWS credentials are those of the environment, or else those that the AWS CLI has, of AWS_PROFILE for example.
set -euo pipefail
: "${AWS_REGION:?}"
if [ -z "${AWS_ACCESS_KEY_ID:-}" ]; then
  credentials=$(aws configure export-credentials --format env)
  eval "$credentials"
fi
: "${AWS_ACCESS_KEY_ID:?}" "${AWS_SECRET_ACCESS_KEY:?}"
began=$(date +%s)
url=${OPERATORS_URL:-$(aws cloudformation describe-stacks --stack-name "${STACK_NAME:?}" --output text \
  --query "Stacks[0].Outputs[?OutputKey=='OperatorsUrl'].OutputValue")}
# The AWS CLI writes None where there is no such output.
if [ -z "$url" ] || [ "$url" = None ]; then
  echo "the stack ${STACK_NAME:-} has no output OperatorsUrl" >&2
  exit 1
fi

# The key goes in by standard input, so that it is in no list of processes.
health() {
  curl --silent --show-error --fail --max-time 30 --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --config - "$url/v1/health" <<END
user = "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
header = "x-amz-security-token: ${AWS_SESSION_TOKEN:-}"
END
}

# Ends with 0 where it is well, with 2 where the check is from before, and with 1 where the answer says anything else.
judged() {
  python3 -c '
import datetime, json, sys
health = json.load(sys.stdin)
checked = health.get("checkedAt")
if not checked or datetime.datetime.fromisoformat(checked.replace("Z", "+00:00")).timestamp() < int(sys.argv[1]):
    sys.exit(2)
sys.exit(health["status"] not in ("ok", "warning"))
' "$began"
}

while true; do
  # A single request may fail (429, 503) while the relay is well.
  if answer=$(health); then
    code=0
    judged <<< "$answer" || code=$?
    if [ "$code" != 2 ]; then
      echo "$answer"
      exit "$code"
    fi
  else
    answer="the last request failed"
  fi
  if [ $(($(date +%s) - began)) -ge "${WAIT_SECONDS:-900}" ]; then
    echo "$answer"
    echo "no check of the poller came after this began, in ${WAIT_SECONDS:-900} seconds" >&2
    exit 1
  fi
  sleep "${INTERVAL_SECONDS:-15}"
done
