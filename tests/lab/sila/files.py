"""What the furnace's process leaves in its folder."""

ACCOUNT, PORT, CERTIFICATE = "account.jsonl", "port", "certificate.pem"
