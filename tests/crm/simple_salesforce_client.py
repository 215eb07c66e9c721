"""What simple-salesforce makes of the sandbox: log-in, Collections upsert, Bulk 2.0
upsert, query. It forces https, so the sandbox serves TLS with a test authority.

Arguments: host:port, CA file, consumer key, consumer secret, user, password. Prints one
JSON object.
"""

import json
import sys
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceLogin

place, authority, client_id, client_secret, user, password = sys.argv[1:]


class ToSandbox(HTTPAdapter):
    """simple-salesforce logs in at https://DOMAIN.salesforce.com only: send it here."""

    def send(self, request, *args, **kwargs):
        parts = urlsplit(request.url)
        request.url = urlunsplit(("https", place, parts.path, parts.query, ""))
        return super().send(request, *args, **kwargs)


session = requests.Session()
session.verify = authority
session.trust_env = False
session.mount("https://sandbox-test.salesforce.com/", ToSandbox())

by_soap, _ = SalesforceLogin(
    username=user, password=password, security_token="", domain="sandbox-test", session=session
)
token, instance = SalesforceLogin(
    consumer_key=client_id, consumer_secret=client_secret, domain="sandbox-test", session=session
)
sf = Salesforce(instance=instance, session_id=token, session=session, version="62.0")


def rows(start, count):
    return [
        {
            "attributes": {"type": "Task"},
            "PBX_Call_Key__c": f"london/pbx1/py-{i}",
            "Subject": f"From Python, {i}",
            "Status": "Completed",
        }
        for i in range(start, start + count)
    ]


def collections(records):
    return sf.restful(
        "composite/sobjects/Task/PBX_Call_Key__c",
        method="PATCH",
        json={"allOrNone": False, "records": records},
    )


created = collections(rows(0, 3))
updated = collections(rows(0, 3))
status = sf.Task.upsert("PBX_Call_Key__c/london%2Fpbx1%2Fpy-50", {"Subject": "alone", "Status": "Completed"})

records = [{k: v for k, v in r.items() if k != "attributes"} for r in rows(100, 5)]
records.append({"PBX_Call_Key__c": "london/pbx1/py-long", "Subject": "y" * 300, "Status": "Completed"})
bulk = sf.bulk2.Task.upsert(records=records, external_id_field="PBX_Call_Key__c")
failed = sf.bulk2.Task.get_failed_records(bulk[0]["job_id"])

found = sf.query_all(
    "SELECT Id, Subject FROM Task WHERE PBX_Call_Key__c LIKE 'london/pbx1/py-%' ORDER BY PBX_Call_Key__c"
)
search = sf.search("FIND {442079460922 OR 02079460922} IN PHONE FIELDS RETURNING Contact(Id, AccountId), Lead(Id), Account(Id)")

print(
    json.dumps(
        {
            "sessions": [bool(by_soap), bool(token)],
            "created": created,
            "updated": updated,
            "status": status,
            "bulk": bulk,
            "failed": failed,
            "total": found["totalSize"],
            "subjects": [r["Subject"] for r in found["records"]],
            "search": [r["attributes"]["type"] for r in search["searchRecords"]],
            "limits": sf.limits()["DailyApiRequests"]["Max"],
            "usage": sf.api_usage["api-usage"].total,
        }
    )
)
