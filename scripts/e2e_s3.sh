#!/bin/sh
# Restores a snapshot from an S3 server (moto): with credentials, without them, and with wrong ones.
#
#   scripts/e2e_s3.sh PROGRAM
#
# The server goes to a virtual environment in the target directory.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "$1")
venv=$("$root/scripts/venv.sh" s3)
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

"$venv/bin/python" - >log 2>&1 <<'END' &
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
print("port", server.get_host_and_port()[1], flush=True)
server._thread.join()
END
server=$!
while ! grep -q '^port ' log; do
  kill -0 "$server" || { cat log; exit 1; }
  sleep 0.2
done
AWS_ENDPOINT_URL="http://127.0.0.1:$(sed -n "s/^port //p" log)"
export AWS_ENDPOINT_URL
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=hunter2-hunter2 AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1

cp -r "$root/sample" snapshot
"$program" pack snapshot 'my snapshot+1.tar.zst'
"$venv/bin/python" - <<'END'
import json

import boto3

client = boto3.client("s3")
client.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
for name in ["my snapshot+1.tar.zst", "my snapshot+1.tar.zst.sha256"]:
    client.upload_file(name, "bucket", "chains/" + name)
iam = boto3.client("iam")
iam.create_user(UserName="reader")
policy = {"Version": "2012-10-17",
          "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}]}
iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="reader")["AccessKey"]
with open("reader", "w") as file:
    file.write(f"AWS_ACCESS_KEY_ID={key['AccessKeyId']} AWS_SECRET_ACCESS_KEY={key['SecretAccessKey']}")
END
# fails CODE WORDS COMMAND…
fails() {
  code=$1 words=$2
  shift 2
  got=0
  "$@" 2>error || got=$?
  cat error
  if [ "$got" != "$code" ] || ! grep -q "$words" error || grep -q hunter2 error; then
    echo "error: exit code $got, expected $code and: $words" >&2
    exit 1
  fi
}

"$program" restore 's3://bucket/chains/my snapshot+1.tar.zst' copy
rm copy/.regenesis-restored.json
diff -r snapshot copy
fails 12 'does not exist' "$program" restore s3://bucket/chains/nothere.tar.zst none
fails 12 'does not exist' "$program" restore s3://nothere/a.tar.zst none
fails 2 'is set, and' env -u AWS_SECRET_ACCESS_KEY "$program" restore s3://bucket/a.tar none
# From here on, moto checks signatures and rights as Amazon does.
curl -sS -X POST -H 'Content-Type: text/plain' --data 0 "$AWS_ENDPOINT_URL/moto-api/reset-auth" >/dev/null
archive='s3://bucket/chains/my snapshot+1.tar.zst'
# shellcheck disable=SC2046 # two words
env $(cat reader) "$program" restore "$archive" reader-copy
diff -r -x .regenesis-restored.json copy reader-copy
fails 4 'answers 403' "$program" restore "$archive" none
# shellcheck disable=SC2046
fails 4 'answers 403' env $(cat reader) AWS_SECRET_ACCESS_KEY=hunter2 "$program" restore "$archive" none
fails 4 'answers 403' env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "$program" restore "$archive" none
[ ! -e none ]
echo "restored from S3, and refused without credentials"
