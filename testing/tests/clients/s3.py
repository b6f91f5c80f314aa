"""Creates an object twice on an S3 server, and reads it: s3.py ENDPOINT. Prints the two statuses and what is there then."""

import sys

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

settings = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0})
client = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", config=settings)


def create(text):
    try:
        answer = client.put_object(Bucket="tests", Key="a folder/object", Body=text, IfNoneMatch="*")
    except ClientError as error:
        answer = error.response
    return answer["ResponseMetadata"]["HTTPStatusCode"]


print(create(b"first"), create(b"second"), end=" ")
print(client.get_object(Bucket="tests", Key="a folder/object")["Body"].read().decode(), end=" ")
print([entry["Key"] for entry in client.list_objects_v2(Bucket="tests")["Contents"]])
