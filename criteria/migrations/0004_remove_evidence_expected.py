from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("criteria", "0003_evidence_expected_moves")]
    operations = [migrations.RemoveField(model_name="indicator", name="evidence_expected")]
