"""The POCO document that is sent: header, lines, fields, references."""
