module "streams" { # FAULT stream
  source   = "../modules/stream"
  for_each = toset(["orders", "module.x[\"1\"]"])
  name     = each.key
}

/* a comment of
   two lines */ resource "aws_kinesis_firehose_delivery_stream" "clicks" { # FAULT delivery
  name        = join("-", ["clicks", var.environment])
  destination = "extended_s3"
}

locals {
  text = <<EOT
resource "aws_dynamodb_table" "orders" {
EOT
}
