"""Tables as files: CSV for machines and XLSX for people, in one format whatever they hold."""
