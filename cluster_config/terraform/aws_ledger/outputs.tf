output "table" {
  description = "The table's name."
  value       = aws_dynamodb_table.ledger.name
}

output "arn" {
  description = "The table."
  value       = aws_dynamodb_table.ledger.arn
}
