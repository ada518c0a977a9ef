variable "name" {
  type = string
}

resource "aws_kinesis_stream" "this" { # LEAF stream
  name = var.name
}
