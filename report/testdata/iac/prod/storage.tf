# Where the five faults of the test are is said by the word FAULT.
terraform {
  required_version = ">= 1.5"
}

variable "environment" {
  type = string
}

resource "aws_s3_bucket" "logs" { # FAULT bucket
  bucket = "acme-${var.environment}-logs"
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id
  versioning_configuration {
    status = "Suspended"
  }
}

data "aws_kms_key" "main" {
  key_id = "alias/shared"
}

resource "aws_kms_key" "main" { # FAULT key
  count               = 2
  description         = "key ${count.index}"
  enable_key_rotation = false
}
