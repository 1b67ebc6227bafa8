"""Documents that people sign 服务项目书、共建协议: built from records as a small model, written as DOCX or PDF."""
